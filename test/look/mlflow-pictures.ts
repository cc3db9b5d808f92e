import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import type { Mlflow } from '../../pipeline/clients/mlflow/mlflow.ts';
import type { MlflowHome } from '../../pipeline/contracts/homes.ts';

const MODEL = 'infections';
const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** Wide enough for MLflow's tables, small enough for a README. */
const WIDTH = 1280;
/** MLflow's pages load their parts one by one. */
const SETTLED_MS = 4_000;

/** What MLflow remembers of somebody who has been there: model training instead of language models, no greetings. */
const SEEN_BEFORE = {
  'mlflow.workflowType_v1': '"machine_learning"',
  'mlflow.assistant.fab.autoOpenedOnFirstLoad_v1': 'true',
  'mlflow.assistant.panelOpen_v1': 'false',
  _mlflow_model_registry_promo_modal_dismissed_v1: 'true',
};

interface Picture {
  name: string;
  /** Behind `#/`. */
  at: string;
  /** Seen before the picture is taken. */
  shows: string;
  height: number;
  before?(page: Page): Promise<void>;
}

/** Pictures of the newest version's run and of the model, as a person sees them in Chromium.
 *  @returns the files */
export async function takePictures(home: MlflowHome, mlflow: Mlflow, folder: string): Promise<string[]> {
  const newest = (await mlflow.searchModelVersions(`name = '${MODEL}'`)).at(0);
  const run = newest && (await mlflow.run(newest.run_id));
  if (!run) throw new Error(`${home.url} holds no version of ${MODEL} with its run`);
  const { experiment_id: experiment, run_id: id } = run.info;
  const ofRun = `experiments/${experiment}/runs/${id}`;
  const pictures: Picture[] = [
    { name: 'runs', at: `experiments/${experiment}/runs`, shows: 'perennial', height: 480 },
    { name: 'run', at: ofRun, shows: id, height: 1000 },
    { name: 'charts', at: `${ofRun}/model-metrics`, shows: 'coverage90', height: 1000, before: searchCurves },
    {
      name: 'artifacts',
      at: `${ofRun}/artifacts`,
      shows: 'model-card.md',
      height: 760,
      before: openModelCard,
    },
    { name: 'model', at: `models/${MODEL}`, shows: '@ champion', height: 1100 },
    { name: 'version', at: `models/${MODEL}/versions/${newest.version}`, shows: 'Digest', height: 780 },
  ];
  const executablePath = BROWSERS.find((path) => existsSync(path));
  if (!executablePath) throw new Error(`no Chromium here; looked for ${BROWSERS.join(', ')}`);
  const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking'];
  const browser = await chromium.launch({ executablePath, args });
  try {
    const context = await browser.newContext({
      httpCredentials: home.username ? { username: home.username, password: home.password ?? '' } : undefined,
      viewport: { width: WIDTH, height: 800 },
      locale: 'en-GB',
      timezoneId: 'UTC',
    });
    await context.route(
      (url) => url.origin !== new URL(home.url).origin,
      (route) => route.abort(),
    );
    const remember = Object.entries(SEEN_BEFORE).map(
      (pair) => `localStorage.setItem(...${JSON.stringify(pair)})`,
    );
    await context.addInitScript({ content: remember.join(';') });
    const files: string[] = [];
    for (const picture of pictures) files.push(await take(context, home, picture, folder));
    return files;
  } finally {
    await browser.close();
  }
}

async function take(
  context: BrowserContext,
  home: MlflowHome,
  picture: Picture,
  folder: string,
): Promise<string> {
  const page = await context.newPage();
  await page.setViewportSize({ width: WIDTH, height: picture.height });
  await page.goto(`${home.url}/#/${picture.at}`, { timeout: 60_000 });
  await page.getByText(picture.shows).first().waitFor({ timeout: 60_000 });
  await picture.before?.(page);
  await page.waitForTimeout(SETTLED_MS);
  const path = join(folder, `mlflow-${picture.name}.png`);
  await page.screenshot({ path });
  await page.close();
  return path;
}

async function searchCurves(page: Page): Promise<void> {
  await page.getByPlaceholder('Search metric charts').fill('loss|_by_|selection');
}

async function openModelCard(page: Page): Promise<void> {
  await page.getByText('model-card.md').first().click();
}
