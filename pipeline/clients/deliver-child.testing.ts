import { join } from 'node:path';
import { MlflowHome } from '../contracts/homes.ts';
import { RunRecord } from '../contracts/run-record.ts';
import { readJson } from '../files.ts';
import { deliver } from './deliver-run.ts';
import { mlflowAt } from './mlflow/mlflow-at.ts';

/** Delivers a record, and kills itself as it is about to make the n-th request. */
const [folder] = process.argv.slice(2);
let requests = 0;
const mlflow = mlflowAt(MlflowHome.parse(JSON.parse(process.env.HOME_OF ?? '')), {
  beforeRequest() {
    if (++requests === Number(process.env.DIE_AT)) process.kill(process.pid, 'SIGKILL');
  },
});
const record = await readJson(join(folder, 'record.json'), RunRecord);
await deliver(mlflow, { folder, record: record! });
