import { escaped } from '../../pipeline/metrics/escape-html.ts';
import type { JsonSchema } from './schemas.ts';

interface Described {
  tags: string[];
  summary: string;
  parameters?: { name: string; in: string; required: boolean; description?: string; schema: JsonSchema }[];
  requestBody?: { content: Record<string, { schema: JsonSchema }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: JsonSchema }> }>;
  security?: unknown[];
}

/** The document as one page: no script, nothing from elsewhere, light and dark, readable by keyboard and screen reader. */
export function docsPage(document: JsonSchema): string {
  const { info, paths, components } = document as {
    info: { title: string; version: string; description: string };
    paths: Record<string, Record<string, Described>>;
    components: { schemas: Record<string, JsonSchema> };
  };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => ({
      path,
      method: method.toUpperCase(),
      ...described,
    })),
  );
  const tags = [...new Set(operations.map((one) => one.tags[0]))];
  const sections = tags.map((tag) => {
    const own = operations.filter((one) => one.tags[0] === tag);
    return `<section><h2>${escaped(tag)}</h2>${own.map(operation).join('')}</section>`;
  });
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) =>
      `<details><summary><code>${escaped(name)}</code></summary><div id="${escaped(name)}">${code(schema)}</div></details>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(info.title)}: what can be asked</title><style>${STYLE}</style></head><body><main>
<h1>${escaped(info.title)} <small>${escaped(info.version)}</small></h1>
<p>${escaped(info.description)} For programs: <a href="/docs/json">/docs/json</a> (OpenAPI 3.1).</p>
${sections.join('\n')}
<section><h2>Schemas</h2>${schemas.join('\n')}</section>
</main></body></html>`;
}

function operation(one: Described & { path: string; method: string }): string {
  const parameters = (one.parameters ?? []).map(
    ({ name, in: where, required, description, schema }) =>
      `<tr><td><code>${escaped(name)}</code></td><td>${where}${required ? ', required' : ''}</td><td>${escaped(description ?? kindOf(schema))}</td></tr>`,
  );
  const responses = Object.entries(one.responses).map(
    ([status, { description, content }]) =>
      `<tr><td>${status}</td><td>${escaped(description)}</td><td>${Object.entries(content ?? {})
        .map(([type, { schema }]) => `${escaped(type)} ${linked(schema)}`)
        .join('<br>')}</td></tr>`,
  );
  const body = one.requestBody?.content['application/json'].schema;
  return `<details><summary><b class="${one.method.toLowerCase()}">${one.method}</b> <code>${escaped(one.path)}</code> ${escaped(one.summary)}</summary>
${one.security ? '<p>With an admin key: <code>Authorization: Bearer …</code></p>' : ''}
${body ? `<p>Body: application/json ${linked(body)}</p>` : ''}
${parameters.length > 0 ? table(['Parameter', 'Where', 'What'], parameters) : ''}
${table(['Status', 'When', 'Body'], responses)}</details>`;
}

const table = (heads: string[], rows: string[]) =>
  `<table><thead><tr>${heads.map((head) => `<th scope="col">${head}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`;

function linked(schema: JsonSchema): string {
  const name = typeof schema.$ref === 'string' ? schema.$ref.split('/').at(-1)! : null;
  return name ? `<a href="#${escaped(name)}"><code>${escaped(name)}</code></a>` : '';
}

const kindOf = ({ type, pattern }: JsonSchema) => [type, pattern].filter(Boolean).join(', ');

/** Longer lists of categories are cut: the whole is in the document. */
const SHOWN = 12;

function code(schema: JsonSchema): string {
  const text = JSON.stringify(
    schema,
    (key, value) =>
      key === 'enum' && Array.isArray(value) && value.length > SHOWN
        ? [...value.slice(0, SHOWN), `… ${value.length} in all`]
        : value,
    2,
  );
  return `<pre tabindex="0">${escaped(text)}</pre>`;
}

const STYLE = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:0}main{max-width:60rem;margin:0 auto;padding:1rem}
summary{cursor:pointer;padding:.35rem 0}details{border-bottom:1px solid #8886}b{display:inline-block;min-width:4rem}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1rem}th,td{text-align:left;vertical-align:top;overflow-wrap:anywhere;padding:.25rem .75rem .25rem 0;border-top:1px solid #8884}
pre{overflow:auto;padding:.75rem;background:#8882}small{font-weight:normal}`;
