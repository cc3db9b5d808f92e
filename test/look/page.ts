import { mkdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { REPOSITORY } from '../../pipeline/workspace.ts';
import { buildApp } from '../../serve/app.ts';
import { countiesSample } from '../../serve/page/counties-service.testing.ts';
import { samplePartsOf } from '../../serve/sample-service.testing.ts';
import { openBrowser } from './browser.ts';

const IMAGES = join('docs', 'images');
const MOST_BYTES = 200_000;

const LOOKS = [
  { name: 'page', width: 1200, height: 800, scheme: 'light', hash: '#tract=42071' },
  { name: 'page-dark', width: 1200, height: 800, scheme: 'dark', hash: '#lat=40.44&lon=-79.99&r=60' },
  { name: 'page-phone', width: 360, height: 1300, scheme: 'light', hash: '#lat=40.44&lon=-79.99' },
  { name: 'page-stale', width: 1280, height: 500, scheme: 'light', hash: '', days: 20 },
] as const;

/** A person's look at the planner's page, on the counties of Pennsylvania. `npm run look:page -- [FOLDER]` */
async function main([folder = IMAGES]: string[]): Promise<void> {
  const images = resolve(REPOSITORY, folder);
  await mkdir(images, { recursive: true });
  const sample = countiesSample({ days: 250 });
  const browser = await openBrowser();
  try {
    for (const look of LOOKS) await take(browser, { sample, look, path: join(images, `${look.name}.png`) });
  } finally {
    await browser.close();
  }
}

async function take(
  browser: Browser,
  {
    sample,
    look,
    path,
  }: { sample: ReturnType<typeof countiesSample>; look: (typeof LOOKS)[number]; path: string },
): Promise<void> {
  const { width, height, scheme, hash } = look;
  const now = new Date(Date.parse('2026-07-01T08:00:00Z') + ('days' in look ? look.days : 0) * 86_400_000);
  const app = await buildApp(samplePartsOf(sample, { now: () => now }), { guards: false });
  try {
    const base = await app.listen({ port: 0, host: '127.0.0.1' });
    const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme, locale: 'en-GB' });
    await page.goto(`${base}/${hash}`, { waitUntil: 'networkidle' });
    await page.locator('#map-frame[aria-busy=false]').waitFor();
    if (hash) await page.locator('#drawn svg').waitFor();
    await page.screenshot({ path, animations: 'disabled' });
    const { size } = await stat(path);
    if (size > MOST_BYTES) throw new Error(`${path} has ${size} bytes, more than ${MOST_BYTES}`);
    console.log(`${path}  ${Math.round(size / 1000)} kB`);
    await page.close();
  } finally {
    await app.close();
  }
}

await main(process.argv.slice(2));
