import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { expect, it } from 'vitest';
import { browserPath } from '../../../test/look/browser.ts';
import { commentText } from './comment-text.ts';
import { ORDINARY, pullReport } from './sample-report.testing.ts';

it('draws charts that Mermaid itself can read, from ordinary and from odd numbers and names', async () => {
  const odd = pullReport({ words: { ...ORDINARY, candidate: '"]; bar [1]', tract: '%%{init: {}}%%' } });
  for (const { forecast, truth } of odd.models[0].losses) {
    forecast.set([1e-9, -1e15, 1e25, NaN, Infinity]);
    truth.set([0, 1e21, -1e-7]);
  }
  const charts = [pullReport(), odd].flatMap((report) =>
    [...commentText(report).matchAll(/```mermaid\n([\s\S]*?)\n```/g)].map(([, code]) => code),
  );
  expect(charts).toHaveLength(4);
  const script = createRequire(import.meta.url).resolve('mermaid/dist/mermaid.min.js');
  const browser = await chromium.launch({
    executablePath: browserPath(),
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    const page = await browser.newPage();
    await page.setContent('<p></p>');
    await page.addScriptTag({ content: await readFile(script, 'utf8') });
    const drawn = await page.evaluate(async (codes) => {
      const { mermaid } = globalThis as unknown as {
        mermaid: {
          initialize(options: object): void;
          render(id: string, code: string): Promise<{ svg: string }>;
        };
      };
      mermaid.initialize({ startOnLoad: false, securityLevel: 'strict' });
      const shapes: number[] = [];
      for (const [i, code] of codes.entries()) {
        const { svg } = await mermaid.render(`chart${i}`, code);
        shapes.push(svg.split('<path').length - 1);
      }
      return shapes;
    }, charts);
    for (const shapes of drawn) expect(shapes).toBeGreaterThanOrEqual(3);
    // It can fail: a chart that is none is refused.
    const refused = page.evaluate(() =>
      (globalThis as unknown as { mermaid: { parse(code: string): Promise<unknown> } }).mermaid.parse(
        'xychart-beta\n  line [1, x]',
      ),
    );
    await expect(refused).rejects.toThrow();
  } finally {
    await browser.close();
  }
});
