import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../app.ts';
import { MODEL, sampleOf, samplePartsOf } from '../sample-service.testing.ts';

let app: Awaited<ReturnType<typeof buildApp>>;
beforeAll(async () => {
  app = await buildApp(samplePartsOf(sampleOf()), { guards: false });
  await app.ready();
});
afterAll(() => app.close());

/** As `printRoutes` draws them: a branch a line, its part of the path, its methods. */
function routesOf(drawn: string): string[] {
  const branch: string[] = [];
  return drawn
    .split('\n')
    .flatMap((line) => {
      const [, indent, part, methods] =
        /^((?:[│ ] {3})*)(?:├──|└──) (.+?)(?: \(([A-Z, ]+)\))?$/.exec(line) ?? [];
      if (part === undefined) return [];
      const depth = indent.length / 4;
      branch.splice(depth, branch.length, part);
      const path = branch.join('').replaceAll(/:(\w+)/g, '{$1}');
      return (methods ?? '').split(', ').map((method) => `${method} ${path}`);
    })
    .filter((route) => !/^(HEAD|OPTIONS)? /.test(route));
}

describe('the OpenAPI document', () => {
  it('describes every route that is served, and no other', async () => {
    const { paths } = (await app.inject('/docs/json')).json();
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const served = routesOf(app.printRoutes({ commonPrefix: false }));
    expect(served.length).toBeGreaterThan(20);
    expect(described.sort()).toEqual([...new Set(served)].sort());
  });

  it('tells the rows of the model that is loaded, with an example', async () => {
    const { components } = (await app.inject('/docs/json')).json();
    expect(components.schemas[`Row_${MODEL}`]).toMatchObject({
      properties: { tract: { enum: ['001', '002'] }, values: { type: 'array', minItems: 14 } },
      additionalProperties: false,
      examples: [{ tract: '001' }],
    });
    expect(components.schemas.Rows.properties.rows.maxItems).toBe(1000);
  });

  it('refers to nothing that is not in it', async () => {
    const text = (await app.inject('/docs/json')).body;
    const document = JSON.parse(text);
    for (const [, kind, name] of text.matchAll(/"#\/components\/(\w+)\/([\w.-]+)"/g))
      expect(document.components[kind]).toHaveProperty([name]);
  });

  it('is a page without a script at /docs', async () => {
    const { statusCode, headers, body } = await app.inject('/docs');
    expect([statusCode, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(body).toContain('<code>/predict</code>');
    expect(body).not.toMatch(/<script|https?:\/\/|src=/);
  });
});
