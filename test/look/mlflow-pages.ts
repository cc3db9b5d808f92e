import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { mlflowAt } from '../../pipeline/clients/mlflow/mlflow-at.ts';
import type { MlflowHome } from '../../pipeline/contracts/homes.ts';
import { readHomes } from '../../pipeline/homes.ts';
import { REPOSITORY } from '../../pipeline/workspace.ts';
import { MlflowServer } from '../servers/mlflow.ts';
import { Clone } from '../stories/clone.ts';
import { takePictures } from './mlflow-pictures.ts';

/** The embedded example, as `npm start` runs it. */
const EXAMPLE = { state: '42', seed: 20260101, days: 913 };
/** The portal's first publication, and six weeks later: a decision wants 28 days with all of their horizon behind them. */
const RUNS = [
  ['--now', '2026-06-30T22:00:00Z'],
  ['--now', '2026-08-11T22:00:00Z', '--days', '42'],
];

/** A person's look at MLflow's pages: runs the example twice into an MLflow server, and takes pictures of what its pages
 *  show of it into docs/images/. Where MLFLOW_TRACKING_URI is set, it looks at what lies there already. */
async function main(): Promise<void> {
  const images = join(REPOSITORY, 'docs', 'images');
  await mkdir(images, { recursive: true });
  const { mlflow: home } = process.env.MLFLOW_TRACKING_URI ? await readHomes() : { mlflow: null };
  if (home) return await look(home, images);
  const server = await MlflowServer.start({ version: '3' });
  try {
    await trainTwice(server.home);
    await look(server.home, images);
  } finally {
    await server.stop();
  }
}

async function trainTwice({ url, username, password }: MlflowHome): Promise<void> {
  const clone = await Clone.make(EXAMPLE);
  try {
    await clone.removeExample();
    clone.env = {
      MLFLOW_TRACKING_URI: url,
      MLFLOW_TRACKING_USERNAME: username ?? '',
      MLFLOW_TRACKING_PASSWORD: password ?? '',
    };
    for (const when of RUNS) {
      console.log(`training ${when.join(' ')}`);
      const { exitCode, stderr } = await clone.perennial('run', '--train', ...when);
      if (exitCode !== 0) throw new Error(`the run ended with ${exitCode}:\n${stderr}`);
    }
  } finally {
    await clone.remove();
  }
}

async function look(home: MlflowHome, images: string): Promise<void> {
  const mlflow = mlflowAt(home);
  try {
    for (const file of await takePictures(home, mlflow, images)) console.log(file);
  } finally {
    await mlflow.close();
  }
}

await main();
