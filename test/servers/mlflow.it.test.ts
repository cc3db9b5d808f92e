import { request } from 'undici';
import { beforeAll, describe, expect, it } from 'vitest';
import type { MlflowHome } from '../../pipeline/contracts/homes.ts';
import { addUser, grant, type MlflowVersion, uniqueName } from './mlflow.ts';
import { sharedMlflow } from './shared-mlflow.ts';

describe.each<MlflowVersion>(['3', '2'])('MLflow %s', (version) => {
  let home: MlflowHome;
  beforeAll(async () => {
    home = await sharedMlflow(version);
  });

  it('is that version', async () => {
    const answer = await request(`${home.url}/version`, { headers: authorization(home) });
    expect(await answer.body.text()).toMatch(version === '3' ? /^3\.17\.2$/ : /^2\.22\.5$/);
  });

  it('is the same one for every test of a run', async () => {
    expect(await sharedMlflow(version)).toEqual(home);
  });

  it('lets nobody in without a password, or with a wrong one', async () => {
    const name = uniqueName('closed');
    expect((await createExperiment({ ...home, username: undefined }, name)).status).toBe(401);
    expect((await createExperiment({ ...home, password: 'wrong' }, name)).status).toBe(401);
  });

  it('remembers for a minute who was let in, so that a request costs milliseconds', async () => {
    const times = [];
    for (let i = 0; i < 5; i++) {
      const started = performance.now();
      await request(`${home.url}/api/2.0/mlflow/experiments/get?experiment_id=0`, {
        headers: authorization(home),
      }).then(({ body }) => body.dump());
      times.push(performance.now() - started);
    }
    // Without it 300 ms; the fastest of five, on a busy machine.
    expect(Math.min(...times)).toBeLessThan(150);
  });

  it('gives a user the rights that were granted, and no others', async () => {
    const user = await addUser(home, uniqueName('ann'));
    const { experiment_id: experimentId } = (await createExperiment(home, uniqueName('of-admin'))).body;
    expect(await tag(user, experimentId)).toBe(403);
    await grant(home, user.username as string, { experimentId }, 'EDIT');
    expect(await tag(user, experimentId)).toBe(200);
  });

  it('takes the right to read a registered model away', async () => {
    const user = await addUser(home, uniqueName('ben'));
    const model = uniqueName('model');
    await send(home, 'registered-models/create', { name: model });
    const read = `${home.url}/api/2.0/mlflow/registered-models/get?name=${model}`;
    const status = async () => {
      const answer = await request(read, { headers: authorization(user) });
      await answer.body.dump();
      return answer.statusCode;
    };
    expect(await status()).toBe(200);
    await grant(home, user.username as string, { model }, 'DENY');
    expect(await status()).toBe(403);
  });
});

function createExperiment(home: MlflowHome, name: string) {
  return send(home, 'experiments/create', { name });
}

async function tag(home: MlflowHome, experimentId: string): Promise<number> {
  const body = { experiment_id: experimentId, key: 'k', value: 'v' };
  return (await send(home, 'experiments/set-experiment-tag', body)).status;
}

async function send(home: MlflowHome, path: string, body: object) {
  const answer = await request(`${home.url}/api/2.0/mlflow/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...authorization(home) },
    body: JSON.stringify(body),
  });
  const text = await answer.body.text();
  return { status: answer.statusCode, body: text.startsWith('{') ? JSON.parse(text) : {} };
}

function authorization({ username, password }: MlflowHome): Record<string, string> {
  if (username === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}
