import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { FastifyInstance } from 'fastify';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { browserPath } from '../../test/look/browser.ts';
import { buildApp } from '../app.ts';
import { samplePartsOf } from '../sample-service.testing.ts';
import { type CountiesOptions, countiesSample } from './counties-service.testing.ts';

const FRESH = new Date('2026-07-01T08:00:00Z');
const STALE = new Date('2026-07-20T08:00:00Z');
/** Compressed bytes of everything but the data. */
const HEAVIEST = 300_000;
/** Within Philadelphia; within the Atlantic. */
const PHILADELPHIA = { latitude: 40, longitude: -75.14 };
const ATLANTIC = { latitude: 39.5, longitude: -70 };

const executablePath = found();
if (!executablePath) console.warn('page: skipped, no Chromium here (Debian: apt-get install chromium)');

let browser: Browser;
let app: FastifyInstance;
let base: string;
const apps: FastifyInstance[] = [];
const pages: Page[] = [];
/** What the page's own script threw: none of it is expected. */
const broken: Error[] = [];

describe.skipIf(!executablePath)('the page in a browser', () => {
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: executablePath!,
      args: ['--no-sandbox', '--disable-gpu'],
    });
    ({ app, base } = await service());
  });
  afterEach(async () => {
    await Promise.all(pages.splice(0).map((page) => page.context().close()));
    expect(broken.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await Promise.all(apps.map((one) => one.close()));
  });

  it('colours every tract by its forecast change, and says in words what each colour means', async () => {
    const { page } = await open();
    await page.getByRole('heading', { name: 'New cases: the next 7 days' }).waitFor();
    expect(await page.locator('#freshness').textContent()).toBe(
      'Data until 30 Jun 2026 (32 hours old) · model v0003',
    );
    const many = await page.locator('#legend .many').allTextContents();
    expect(many.reduce((sum, text) => sum + Number(text), 0)).toBe(67);
    expect(await page.locator('#warnings').textContent()).toBe('');
    await coloursOnMap(page, 4);
  });

  it('shows the clicked tract with history, forecast and interval; its address shows it again', async () => {
    const { page } = await open();
    await clickAt(page, PHILADELPHIA);
    await page.getByRole('heading', { name: 'Philadelphia' }).waitFor();
    await page.getByText('inside its polygon').waitFor();
    expect(await page.locator('#said').textContent()).toMatch(
      /About \d+ new cases expected 1\s?–\s?7 Jul 2026: .+ \([\d,]+ reported 24\s?–\s?30 Jun 2026\)/,
    );
    expect(await page.locator('#drawn .to-come').count()).toBe(7);
    expect(await page.locator('#drawn path.band').count()).toBe(1);
    const rows = page.locator('#drawn tbody tr');
    expect(await rows.last().textContent()).toMatch(/Tue,? 7 Jul\d+.* to /);

    const { page: other } = await open({ hash: new URL(page.url()).hash });
    await other.getByRole('heading', { name: 'Philadelphia' }).waitFor();
  });

  it('finds coordinates and names that are typed, and says what it does not find', async () => {
    const { page } = await open();
    const type = async (text: string) => {
      await page.getByLabel('A place: coordinates, or a name').fill(text);
      await page.keyboard.press('Enter');
    };
    await type('40,44; −79,99');
    await page.getByRole('heading', { name: 'Allegheny' }).waitFor();
    await type('lackawa');
    await page.getByRole('heading', { name: 'Lackawanna' }).waitFor();
    expect(new URL(page.url()).hash).toBe('#tract=42069');
    await type('Atlantis');
    await page.getByText('No place is called so').waitFor();
    await type('91, 0');
    await page.getByText('expected a number from −90 to 90').waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'Lackawanna' }).waitFor();
  });

  it('names the nearest place at sea, and shows it when asked', async () => {
    const { page } = await open({ hash: `#lat=${ATLANTIC.latitude}&lon=${ATLANTIC.longitude}` });
    await page.getByRole('heading', { name: 'No tract is there' }).waitFor();
    await page.getByText(/the nearest is Bucks, \d+\.\d+ km away/).waitFor();
    await page.getByRole('button', { name: 'Show Bucks' }).click();
    await page.getByRole('heading', { name: 'Bucks' }).waitFor();
  });

  it('adds up a circle: sums, places and their shares', async () => {
    const { page } = await open({ hash: '#lat=40.44&lon=-79.99' });
    await page.getByLabel('Circle of').check();
    await page.getByLabel('Radius in kilometres').fill('60');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Within 60 km' }).waitFor();
    await page.getByText(/places lie in it, wholly or in part\. About [\d,]+ people live there/).waitFor();
    expect(new URL(page.url()).hash).toContain('r=60');
    const shares = await page.locator('#around tbody tr').allTextContents();
    expect(shares[0]).toMatch(/^Allegheny100%/);
    expect(shares.some((text) => /\D[1-9]\d?%/.test(text))).toBe(true);
    await page.getByLabel('Circle of').uncheck();
    await page.locator('#around').waitFor({ state: 'hidden' });
  });

  it('does everything by keyboard alone', async () => {
    const { page } = await open();
    await tabTo(page, 'map');
    for (const key of ['+', '+', '+', 'ArrowLeft', 'Enter']) await page.keyboard.press(key);
    await page.getByText('inside its polygon').waitFor();
    const first = await page.locator('#place-title').textContent();
    await tabTo(page, 'filter');
    await page.keyboard.type('erie');
    await page.keyboard.press('Tab');
    await tabUntil(page, 'document.activeElement.textContent === "Erie"');
    expect(await outlineOfFocus(page)).not.toBe('none');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Erie' }).waitFor();
    expect(first).not.toBe('Erie');
    expect(await page.evaluate('document.activeElement.id')).toBe('place-title');
  });

  it('sorts its table by each column', async () => {
    const { page } = await open();
    const names = () => page.locator('#tracts-rows button').allTextContents();
    await page.getByRole('button', { name: 'Place', exact: true }).click();
    expect((await names()).slice(0, 2)).toEqual(['Adams', 'Allegheny']);
    await page.getByRole('button', { name: 'Forecast', exact: true }).click();
    const cells = await page.locator('#tracts-rows tr td:nth-child(3)').allTextContents();
    const values = cells.map((text) => Number(text.replaceAll(',', '')));
    expect(values).toEqual(values.toSorted((a, b) => b - a));
  });

  it.each(['light', 'dark'] as const)('has no fault that axe finds, %s', async (colorScheme) => {
    const { page } = await open({ hash: '#lat=40.44&lon=-79.99&r=60', colorScheme });
    await page.getByText('wholly or in part').waitFor();
    await page.locator('details').evaluateAll('(all) => all.forEach((one) => { one.open = true; })');
    expect(await faults(page)).toEqual([]);
  });

  it('follows the system into the dark, and the switch out of it and for good', async () => {
    const { page } = await open({ colorScheme: 'dark' });
    const paper = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const dark = await paper();
    await page.getByRole('button', { name: 'Dark', pressed: true }).click();
    const light = await paper();
    expect(light).not.toBe(dark);
    await page.reload();
    await page.getByRole('button', { name: 'Dark', pressed: false }).waitFor();
    expect(await paper()).toBe(light);
  });

  it('goes on with what it has when the network is gone, and asks nobody but the service', async () => {
    const { page, asked } = await open();
    await page.waitForLoadState('networkidle');
    await page.context().setOffline(true);
    await clickAt(page, PHILADELPHIA);
    await page.getByRole('heading', { name: 'Philadelphia' }).waitFor();
    await page.getByText('by the drawn map: the service cannot be reached').waitFor();
    expect(await page.locator('#drawn .to-come').count()).toBe(7);
    await page.getByLabel('Circle of').check();
    await page.locator('#around').getByText('The service cannot be reached').waitFor();
    expect(asked.filter((url) => !url.startsWith(base))).toEqual([]);
  });

  it('weighs less than 300 kB beside its data', async () => {
    const { page, sent } = await open();
    await page.waitForLoadState('networkidle');
    const isData = (path: string) => /^\/page\/(overview|places|series)/.test(path);
    const files = [...sent].filter(([path]) => !isData(path));
    expect(files.map(([path]) => path.replace(/-[0-9a-f]{12}/, '')).sort()).toEqual(
      expect.arrayContaining(['/', '/page/assets/app.css', '/page/assets/app.js']),
    );
    const weight = files.reduce((sum, [, bytes]) => sum + bytes, 0);
    expect(weight).toBeGreaterThan(5_000);
    expect(weight).toBeLessThan(HEAVIEST);
  });

  it('warns clearly of old data, and of a forecast that is over', async () => {
    const { base: stale } = await service({}, STALE);
    const { page } = await open({ at: stale });
    const warning = page.getByRole('alert').filter({ hasText: 'Old data' });
    await warning.waitFor();
    expect(await warning.textContent()).toMatch(
      /newest report is 20 days old.*already over: do not plan with it/,
    );
  });

  it('fits a phone, without scrolling sideways', async () => {
    const { page } = await open({
      hash: '#lat=40.44&lon=-79.99&r=60',
      viewport: { width: 360, height: 740 },
    });
    await page.getByText('wholly or in part').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  });

  it.each([
    ['cells', 'a dot'],
    ['none', 'the list'],
  ] as const)('serves a model with places of the kind %s by %s', async (places, _by) => {
    const { base: other } = await service({ places });
    const { page } = await open({ at: other });
    await page.getByRole('button', { name: 'Lackawanna' }).click();
    await page.getByRole('heading', { name: 'Lackawanna' }).waitFor();
    expect(await page.locator('#drawn .to-come').count()).toBe(7);
    expect(await page.locator('#map').isVisible()).toBe(places === 'cells');
    if (places === 'cells') await coloursOnMap(page, 3);
    else await page.getByText('there is no map').waitFor();
  });

  it('gives programs what stood at / before, and asks them to keep the two apart', async () => {
    const json = await app.inject('/');
    expect(json.headers['content-type']).toContain('application/json');
    const html = await app.inject({ url: '/', headers: { accept: 'text/html,*/*;q=0.8' } });
    expect(html.headers['content-type']).toContain('text/html');
    expect(html.headers['content-security-policy']).toMatch(/^default-src 'none';.*;script-src 'self';/);
    expect(html.body).not.toMatch(/<script>|<style|\son\w+=|\sstyle=/);
    for (const { headers } of [json, html]) expect(headers.vary).toContain('Accept');
  });

  it('sends its data compressed and once', async () => {
    for (const url of ['/page/overview', '/page/places', '/page/places?level=near', '/page/series']) {
      const first = await app.inject({ url, headers: { 'accept-encoding': 'gzip, br' } });
      expect(first.headers['content-encoding']).toBe('br');
      expect(first.headers['x-model-version']).toBe('v0003');
      const again = await app.inject({ url, headers: { 'if-none-match': String(first.headers.etag) } });
      expect([again.statusCode, again.body]).toEqual([304, '']);
    }
    const plain = await app.inject({ url: '/page/overview', headers: { 'accept-encoding': 'br;q=0' } });
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(plain.json().tracts.id).toHaveLength(67);
  });

  it.each([
    ['/page/overview?model=other', 404, 'unknown-model'],
    ['/page/places?level=middle', 400, 'question'],
    ['/page/assets/none.js', 404, 'no-route'],
    ['/page/assets/..%2Findex.html', 404, 'no-route'],
  ])('answers %s with a problem', async (url, status, kind) => {
    const response = await app.inject(url);
    expect(response.statusCode).toBe(status);
    expect(response.json().type).toBe(`urn:perennial:problem:${kind}`);
  });
});

function found(): string | null {
  try {
    return browserPath();
  } catch {
    return null;
  }
}

async function service(options: CountiesOptions = {}, now = FRESH) {
  const sample = countiesSample({ days: 150, ...options });
  // A machine that is busy with other tests would shed them.
  const made = await buildApp(samplePartsOf(sample, { now: () => now }), { guards: false });
  apps.push(made);
  return { app: made, base: `${await made.listen({ port: 0, host: '127.0.0.1' })}/` };
}

/** A page of its own, whose faults fail the test.
 *  @returns addresses that it asked, and compressed bytes by path */
async function open({
  hash = '',
  at = base,
  ...context
}: { hash?: string; at?: string } & BrowserContextOptions = {}) {
  const { page, asked, sent } = await newPage(context);
  await page.goto(`${at}${hash}`);
  await page.locator('#tracts-rows tr').first().waitFor();
  return { page, asked, sent };
}

async function newPage(options: BrowserContextOptions) {
  const context = await browser.newContext({
    locale: 'en-GB',
    viewport: { width: 1280, height: 900 },
    ...options,
  });
  const page = await context.newPage();
  pages.push(page);
  page.setDefaultTimeout(20_000);
  const asked: string[] = [];
  const sent = new Map<string, number>();
  page.on('request', (request) => asked.push(request.url()));
  page.on('pageerror', (error) => broken.push(error));
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  const paths = new Map<string, string>();
  session.on('Network.responseReceived', ({ requestId, response }) =>
    paths.set(requestId, new URL(response.url).pathname),
  );
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) =>
    sent.set(paths.get(requestId) ?? '?', encodedDataLength),
  );
  return { page, asked, sent };
}

/** Clicks where the map draws a place: by the outlines' own box, as the page lays it out. */
async function clickAt(page: Page, { latitude, longitude }: { latitude: number; longitude: number }) {
  const { flat, bbox } = (await app.inject('/page/places')).json();
  await coloursOnMap(page, 2);
  const box = (await page.locator('#map').boundingBox())!;
  const scale = Math.min((box.width - 24) / (bbox[2] - bbox[0]), (box.height - 24) / (bbox[3] - bbox[1]));
  await page.mouse.click(
    box.x + box.width / 2 + (longitude * flat.squeeze - (bbox[0] + bbox[2]) / 2) * scale,
    box.y + box.height / 2 + (-latitude - (bbox[1] + bbox[3]) / 2) * scale,
  );
}

/** Waits until the map is drawn in at least so many colours. */
async function coloursOnMap(page: Page, least: number) {
  // Not page.waitForFunction: it compiles in the page, which forbids that.
  await expect.poll(() => page.evaluate<number>(COLOURS), { timeout: 20_000 }).toBeGreaterThanOrEqual(least);
}

/** Colours of more than 50 pixels on the canvas. */
const COLOURS = `(() => {
  const canvas = document.getElementById('map');
  if (!canvas.width) return 0;
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const found = new Map();
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] < 255) continue;
    const colour = data[at] << 16 | data[at + 1] << 8 | data[at + 2];
    found.set(colour, (found.get(colour) ?? 0) + 1);
  }
  return [...found.values()].filter((pixels) => pixels > 50).length;
})()`;

async function tabTo(page: Page, id: string) {
  await tabUntil(page, `document.activeElement.id === ${JSON.stringify(id)}`);
}

async function tabUntil(page: Page, condition: string) {
  for (let pressed = 0; pressed < 60; pressed++) {
    if (await page.evaluate(condition)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`60 presses of Tab did not lead to: ${condition}`);
}

function outlineOfFocus(page: Page): Promise<string> {
  return page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
}

/** WCAG 2.2 A and AA, as far as a machine can tell.
 *  @returns one line a fault */
async function faults(page: Page): Promise<string[]> {
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  // By the debugger's door: the page itself lets no script in but its own.
  await page.evaluate(axe);
  return page.evaluate(`axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
    .then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html, failureSummary }) => html.slice(0, 120) + ' ' + failureSummary).join(' | ')))`);
}
