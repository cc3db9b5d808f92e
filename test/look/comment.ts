import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { commentText } from '../../pipeline/stages/report/comment-text.ts';
import { REPOSITORY } from '../../pipeline/workspace.ts';
import { openBrowser } from './browser.ts';
import { commentPage } from './comment-page.ts';
import { exampleReport } from './example-report.ts';

const IMAGES = join('docs', 'images');
/** Pixels. */
const LONGEST = 1_500;

/** A person's look at the comment: the example's own numbers as they would stand under a pull request, on a desk and on
 *  a phone. `npm run look:comment -- [folder of a run] [folder for the pictures]` */
async function main([root = '.perennial', folder = IMAGES]: string[]): Promise<void> {
  const images = resolve(REPOSITORY, folder);
  await mkdir(images, { recursive: true });
  const markdown = commentText(await exampleReport(resolve(REPOSITORY, root)));
  if (folder !== IMAGES) await writeFile(join(images, 'comment.md'), markdown);
  const mermaid = await readFile(
    createRequire(import.meta.url).resolve('mermaid/dist/mermaid.min.js'),
    'utf8',
  );
  const browser = await openBrowser();
  try {
    for (const [name, width] of [
      ['comment', 600],
      ['comment-phone', 380],
    ] as const) {
      const page = await browser.newPage({ viewport: { width, height: 800 } });
      await page.setContent(commentPage(markdown));
      await page.addScriptTag({ content: mermaid });
      await drawCharts(page);
      const path = join(images, `${name}.png`);
      const height = Number(await page.evaluate('document.body.scrollHeight'));
      // A picture of a page in the documentation: the folds at its end are left out.
      const clip = { x: 0, y: 0, width, height: Math.min(height, LONGEST) };
      await page.screenshot({ path, fullPage: true, clip });
      console.log(path);
    }
  } finally {
    await browser.close();
  }
}

function drawCharts(page: Page): Promise<void> {
  return page.evaluate(async () => {
    const { mermaid } = globalThis as unknown as {
      mermaid: { initialize(options: object): void; run(options: object): Promise<void> };
    };
    mermaid.initialize({ startOnLoad: false, securityLevel: 'strict' });
    await mermaid.run({ querySelector: '.mermaid' });
  });
}

await main(process.argv.slice(2));
