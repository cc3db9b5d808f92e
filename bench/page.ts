import { once } from 'node:events';
import type { Browser } from 'playwright-core';
import { buildApp } from '../serve/app.ts';
import { countiesSample } from '../serve/page/counties-service.testing.ts';
import { samplePartsOf } from '../serve/sample-service.testing.ts';
import { openBrowser } from '../test/look/browser.ts';
import type { BenchTable } from './table.ts';

const VISITS = 7;
const FRAMES = 40;
/** Of one visit: a busy machine takes a minute for the outlines of all counties. */
const VISIT_LIMIT_MS = 120_000;
const PLACES = [
  { title: 'Pennsylvania, 67 counties', state: '42', days: 250 },
  { title: 'all 3,231 of the USA', state: 'all', days: 60 },
];

interface Visit {
  /** Milliseconds from the start of the navigation. */
  painted: number;
  drawn: number;
  /** Milliseconds a frame while the map is moved. */
  frame: number;
  /** Compressed bytes: of the page, and of its data. */
  files: number;
  data: number;
}

/** The planner's page in Chromium, on loopback: each visit with an empty cache, medians of all. */
export async function benchPage(): Promise<BenchTable> {
  const rows: string[][] = [];
  for (const { title, state, days } of PLACES) rows.push([title, ...(await measured({ state, days }))]);
  return {
    title: 'The page at `/`',
    columns: ['places', 'first paint', 'map drawn', 'a frame of moving', 'page, compressed', 'its data'],
    rows,
    notes: [
      `Medians of ${VISITS} visits with an empty cache, a desktop's window, no graphics card; the first visit, which waits for the outlines, is left out.`,
      'Asked: first paint within a second, under 300 kB beside the data.',
    ],
  };
}

export const run = benchPage;

async function measured(options: { state: string; days: number }): Promise<string[]> {
  const now = () => new Date('2026-07-01T08:00:00Z');
  const app = await buildApp(samplePartsOf(countiesSample(options), { now }), { guards: false });
  try {
    const base = await app.listen({ port: 0, host: '127.0.0.1' });
    const visits = await visitsOf(base);
    const median = (key: keyof Visit) =>
      visits.map((one) => one[key]).toSorted((a, b) => a - b)[Math.floor(VISITS / 2)];
    const [ms, kilobytes] = [
      (value: number) => `${value.toFixed(0)} ms`,
      (value: number) => `${(value / 1000).toFixed(0)} kB`,
    ];
    return [
      ms(median('painted')),
      ms(median('drawn')),
      ms(median('frame')),
      kilobytes(median('files')),
      kilobytes(median('data')),
    ];
  } finally {
    await app.close();
  }
}

/** The browser is opened when the service stands: simulating a country's epidemic blocks this process for longer than a
 *  browser waits for its first word. */
async function visitsOf(base: string): Promise<Visit[]> {
  const browser = await openBrowser();
  try {
    await visit(browser, base);
    const visits: Visit[] = [];
    for (let at = 0; at < VISITS; at++) visits.push(await visit(browser, base));
    return visits;
  } finally {
    await browser.close();
  }
}

async function visit(browser: Browser, base: string): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  context.setDefaultTimeout(VISIT_LIMIT_MS);
  try {
    const page = await context.newPage();
    await page.goto(base, { waitUntil: 'networkidle' });
    await page.locator('#map-frame[aria-busy=false]').waitFor();
    await page.waitForLoadState('networkidle');
    const ended = AbortSignal.timeout(VISIT_LIMIT_MS);
    return await Promise.race([
      page.evaluate<Visit>(FIGURES),
      once(ended, 'abort').then(() => {
        throw new Error(`the page drew less than ${FRAMES} frames in ${VISIT_LIMIT_MS / 1000} s`);
      }),
    ]);
  } finally {
    await context.close();
  }
}

/** As text: these sources know no browser. The map is drawn when the outlines have come; drawing them is one frame. */
const FIGURES = `(async () => {
  const sent = performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'));
  const isData = ({ name }) => /\\/page\\/(overview|places|series)/.test(name);
  const bytes = (entries) => entries.reduce((sum, { transferSize }) => sum + transferSize, 0);
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const map = document.getElementById('map');
  map.dispatchEvent(new KeyboardEvent('keydown', { key: '+' }));
  await frame();
  const started = performance.now();
  for (let at = 0; at < ${FRAMES}; at++) {
    map.dispatchEvent(new KeyboardEvent('keydown', { key: at % 2 ? 'ArrowLeft' : 'ArrowRight' }));
    await frame();
  }
  return {
    painted: performance.getEntriesByName('first-contentful-paint')[0].startTime,
    drawn: sent.find(({ name }) => name.includes('/page/places')).responseEnd,
    frame: (performance.now() - started) / ${FRAMES},
    files: bytes(sent.filter((entry) => !isData(entry))),
    data: bytes(sent.filter(isData)),
  };
})()`;
