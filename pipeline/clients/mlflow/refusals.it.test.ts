import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Fault, FaultProxy } from '../../../test/servers/fault-proxy.ts';
import { addUser, grant, uniqueName } from '../../../test/servers/mlflow.ts';
import { sharedMlflow } from '../../../test/servers/shared-mlflow.ts';
import { MlflowHome } from '../../contracts/homes.ts';
import type { Timing } from '../retry.ts';
import type { Experiment, Run } from './answers.ts';
import type { Mlflow } from './mlflow.ts';
import { type MlflowOptions, mlflowAt } from './mlflow-at.ts';
import { MlflowError } from './mlflow-error.ts';

/** Waits cost nothing, and are written down. */
const waits: number[] = [];
const timing: Timing = {
  sleep: async (ms, signal) => {
    signal?.throwIfAborted();
    waits.push(ms);
  },
  random: () => 0.5,
  elapsed: () => 0,
};

const open: Mlflow[] = [];
const client = (home: MlflowHome, options: MlflowOptions = {}): Mlflow => {
  const mlflow = mlflowAt(home, { timing, ...options });
  open.push(mlflow);
  return mlflow;
};
afterEach(async () => {
  waits.length = 0;
  await Promise.all(open.splice(0).map((mlflow) => mlflow.close()));
});

async function refusalOf(asking: Promise<unknown>): Promise<MlflowError> {
  const error = await asking.then(
    (value) => new Error(`was not refused: ${inspect(value)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof MlflowError)) throw error;
  expect(error.hint).toBeTruthy();
  expect(error.message).not.toContain('\n');
  return error;
}

describe.each(['3', '2'] as const)('MLflow %s behind a network that fails', (version) => {
  let direct: MlflowHome;
  let home: MlflowHome;
  let proxy: FaultProxy;
  let experiment: Experiment;
  let run: Run;

  beforeAll(async () => {
    direct = await sharedMlflow(version);
    proxy = await FaultProxy.start(direct.url);
    home = { ...direct, url: proxy.url, timeoutMs: 30_000 };
    const mlflow = client(home);
    experiment = await mlflow.ensureExperiment(uniqueName('faults'));
    run = await newRun(mlflow);
    await mlflow.uploadArtifact(run, 'a.txt', Buffer.from('hello'));
  });
  afterEach(() => {
    proxy.heal();
    proxy.requests.length = 0;
  });
  afterAll(() => proxy?.close());

  const newRun = (mlflow: Mlflow, tags = {}) =>
    mlflow.createRun({ experimentId: experiment.experiment_id, name: 'r', startTime: new Date(), tags });
  const id = () => run.info.run_id;
  const RESET: Fault = { kind: 'reset', forwarded: false };
  const DONE: Fault = { kind: 'reset', forwarded: true };
  const BUSY: Fault = { kind: 'status', status: 429, headers: { 'retry-after': '7' } };

  test.each<[string, Fault]>([
    ['a reset', RESET],
    ['a reset after it was done', DONE],
    ['a 500', { kind: 'status', status: 500, body: 'Internal Server Error' }],
    ['a 429 with Retry-After', BUSY],
    ['half an answer', { kind: 'truncated' }],
  ])('%s once is gone over, of what may be made again', async (_what, fault) => {
    const mlflow = client(home);
    const calls: (() => Promise<unknown>)[] = [
      () => mlflow.run(id()),
      () =>
        mlflow.logBatch(id(), {
          metrics: [{ key: 'm', value: Number.NaN, timestamp: 1, step: 1 }],
          params: { p: 1 },
        }),
      () => mlflow.logParam(id(), 'q', '1'),
      () => mlflow.uploadArtifact(run, 'a.txt', Buffer.from('hello')),
      () => mlflow.searchRuns({ experimentIds: [experiment.experiment_id] }),
      () => mlflow.updateRun(id(), { status: 'RUNNING' }),
    ];
    for (const call of calls) {
      proxy.fail({ fault });
      await call();
    }
    expect(waits.length).toBeGreaterThanOrEqual(calls.length);
    if (fault === BUSY) expect(Math.min(...waits)).toBe(7_000);
    expect(Buffer.from((await mlflow.artifact(run, 'a.txt'))!).toString()).toBe('hello');
    expect(await mlflow.metricHistory(id(), 'm')).toHaveLength(1);
  });

  test('a creation is made again only where the server surely did not do it', async () => {
    const mlflow = client(home);
    const count = async () => (await mlflow.searchRuns({ experimentIds: [experiment.experiment_id] })).length;
    const before = await count();
    const creating = (method: string, path: string) => method === 'POST' && path.endsWith('/runs/create');
    proxy.fail({ when: creating, fault: BUSY });
    await newRun(mlflow);
    proxy.fail({ when: creating, fault: { kind: 'status', status: 503, headers: { 'retry-after': '1' } } });
    await newRun(mlflow);
    expect(await count()).toBe(before + 2);

    for (const fault of [RESET, DONE, { kind: 'truncated' }, { kind: 'status', status: 502 }] as Fault[]) {
      proxy.requests.length = 0;
      proxy.fail({ when: creating, fault });
      const error = await refusalOf(newRun(mlflow));
      expect(error.failure).toBe('unknown-outcome');
      expect(error.message).toContain('may have been done or not');
      expect(proxy.requests).toHaveLength(1);
    }
    expect(await count()).toBe(before + 4);
  });

  test('an experiment and a model are there once, although the answers of their creation were lost', async () => {
    const mlflow = client(home);
    const creating = (_method: string, path: string) => path.endsWith('/create');
    for (const fault of [DONE, RESET]) {
      const name = uniqueName('lost');
      proxy.fail({ when: creating, fault });
      expect(await mlflow.ensureExperiment(name)).toMatchObject({ name, lifecycle_stage: 'active' });
      proxy.fail({ when: creating, fault });
      expect(await mlflow.createRegisteredModel({ name })).toMatchObject({ name });
    }
  });

  test.each<[string, Fault, object, RegExp]>([
    ['500', { kind: 'status', status: 500 }, { failure: 'unavailable', status: 500 }, /5 attempts/],
    ['429', { kind: 'status', status: 429 }, { failure: 'exhausted', status: 429 }, /5 attempts/],
    ['reset', RESET, { failure: 'unavailable' }, /broke the connection off .*5 attempts/],
    ['half an answer', { kind: 'truncated' }, { failure: 'unavailable' }, /5 attempts/],
    ['a page', { kind: 'html' }, { failure: 'not-mlflow', status: 200 }, /a web page, expected JSON$/],
    ['full disk', { kind: 'status', status: 507 }, { failure: 'exhausted', status: 507 }, /507$/],
    [
      'full disk, told in a 500',
      {
        kind: 'status',
        status: 500,
        body: '{"error_code":"INTERNAL_ERROR","message":"[Errno 28] No space left on device"}',
      },
      { failure: 'exhausted', code: 'INTERNAL_ERROR' },
      /No space left on device$/,
    ],
    [
      '401 in the middle',
      { kind: 'status', status: 401 },
      { failure: 'unauthenticated', status: 401 },
      /401$/,
    ],
    ['403', { kind: 'status', status: 403 }, { failure: 'forbidden', status: 403 }, /403$/],
    ['413', { kind: 'status', status: 413 }, { failure: 'exhausted', status: 413 }, /413$/],
    [
      'a redirect',
      { kind: 'status', status: 302, headers: { location: 'https://login.example/?next=GEHEIM' } },
      { failure: 'not-mlflow', status: 302 },
      /points to https:\/\/login\.example\/$/,
    ],
    [
      '404',
      { kind: 'status', status: 404, body: '<html>' },
      { failure: 'not-mlflow' },
      /no MLflow below this address/,
    ],
    [
      'a wait that is too long',
      { kind: 'status', status: 429, headers: { 'retry-after': '86400' } },
      { failure: 'exhausted' },
      /answered 429$/,
    ],
  ])('%s for ever is one clear refusal', async (_what, fault, expected, message) => {
    proxy.fail({ fault, times: Number.POSITIVE_INFINITY });
    const mlflow = client(home);
    for (const ask of [() => mlflow.run(id()), () => mlflow.logBatch(id(), { params: { z: 1 } })]) {
      const error = await refusalOf(ask());
      expect(error).toMatchObject(expected);
      expect(error.message).toMatch(message);
      expect(error.message).toContain(`MLflow at ${proxy.url}: `);
      expect(error.message).not.toContain('GEHEIM');
    }
  });

  test('an upload that a full disk, a page or a proxy swallows is not taken for done', async () => {
    const mlflow = client({ ...home, retries: 1 });
    const upload = () => mlflow.uploadArtifact(run, 'b.txt', Buffer.alloc(2_000_000));
    proxy.fail({ fault: { kind: 'html' } });
    expect((await refusalOf(upload())).failure).toBe('not-mlflow');
    proxy.fail({ fault: { kind: 'status', status: 413, body: '<html>nginx</html>' } });
    expect((await refusalOf(upload())).hint).toContain('client_max_body_size');
    // What both versions really answer where the disk behind the artifacts is full.
    const full =
      version === '3' ? 'Internal Server Error' : '<!doctype html>\n<title>500 Internal Server Error</title>';
    proxy.fail({ fault: { kind: 'status', status: 500, body: full }, times: 2 });
    const error = await refusalOf(upload());
    expect(error).toMatchObject({ failure: 'unavailable', status: 500 });
    expect(error.hint).toContain('disk is full');
  });

  test('an upload that took two attempts is measured: a late half of the first one does not pass', async () => {
    const other = client(direct);
    const late = client(home, {
      beforeRequest: async (_method, path) => {
        if (path.endsWith('/artifacts/list')) await other.uploadArtifact(run, 'half.txt', Buffer.from('hel'));
      },
    });
    await late.uploadArtifact(run, 'half.txt', Buffer.from('hello'));
    proxy.fail({ fault: RESET });
    const error = await refusalOf(late.uploadArtifact(run, 'half.txt', Buffer.from('hello')));
    expect(error).toMatchObject({ failure: 'unavailable', hint: 'send it again' });
    expect(error.message).toContain('3 of 5 bytes are there');
  });

  test('a server that breaks on a file is told from a file that is missing', async () => {
    const mlflow = client({ ...home, retries: 1 });
    const file = (method: string, path: string) => method === 'GET' && path.includes('/mlflow-artifacts/');
    proxy.fail({ when: file, fault: { kind: 'status', status: 500 }, times: 4 });
    expect(await refusalOf(mlflow.artifact(run, 'a.txt'))).toMatchObject({
      failure: 'unavailable',
      status: 500,
    });
    expect(await mlflow.artifact(run, 'none.txt')).toBeNull();
    const folder = client({ ...home, retries: 0 });
    await folder.uploadArtifact(run, 'dir/x', Buffer.from('x'));
    expect((await refusalOf(folder.artifact(run, 'dir'))).message).toContain('is a folder');
  });

  test('a server that never answers is given up in time; the caller may give up at once', async () => {
    proxy.fail({ fault: { kind: 'no-headers' }, times: Number.POSITIVE_INFINITY });
    const impatient = client({ ...home, timeoutMs: 1_000, retries: 1 });
    const error = await refusalOf(impatient.run(id()));
    expect(error).toMatchObject({ failure: 'unavailable' });
    expect(error.message).toMatch(/time.*\(2 attempts\)/);
    expect((await refusalOf(newRun(impatient))).failure).toBe('unknown-outcome');

    const controller = new AbortController();
    const mlflow = client(home, { signal: controller.signal });
    const asking = refusalOf(mlflow.uploadArtifact(run, 'c.txt', Buffer.from('x')));
    setTimeout(() => controller.abort(), 50);
    expect((await asking).failure).toBe('cancelled');
    expect((await refusalOf(mlflow.run(id()))).failure).toBe('cancelled');
    const closed = client(home);
    await closed.close();
    expect((await refusalOf(closed.run(id()))).failure).toBe('cancelled');
  });

  test('what a test throws between two requests reaches the caller as it is', async () => {
    const killed = new Error('killed');
    let left = 2;
    const mlflow = client(home, {
      beforeRequest: () => {
        if (left-- === 0) throw killed;
      },
    });
    await mlflow.run(id());
    await mlflow.run(id());
    await expect(mlflow.run(id())).rejects.toBe(killed);
  });

  test('a slow server is waited for', async () => {
    proxy.fail({ fault: { kind: 'slow', ms: 300 } });
    expect((await client(home).run(id()))?.info.run_id).toBe(id());
    expect(waits).toEqual([]);
  });

  test('an older server that takes less of a parameter gets less, with the mark', async () => {
    // As 2.7.1 says it, which Dagshub has run.
    const message = `Param value '${'x'.repeat(250)}' had length 900, which exceeded length limit of 500`;
    const body = JSON.stringify({ error_code: 'INVALID_PARAMETER_VALUE', message });
    const mlflow = client(home);
    const made = await newRun(mlflow);
    proxy.fail({ fault: { kind: 'status', status: 400, body } });
    await mlflow.logBatch(made.info.run_id, {
      params: { long: 'x'.repeat(900) },
      tags: { long: 'y'.repeat(900) },
    });
    proxy.fail({ fault: { kind: 'status', status: 400, body } });
    await mlflow.logParam(made.info.run_id, 'other', 'x'.repeat(900));
    const { params, tags } = (await mlflow.run(made.info.run_id))!.data;
    for (const value of [params.long, params.other]) {
      expect(value).toHaveLength(500);
      expect(value).toMatch(/x… \[cut: 900 characters\]$/);
    }
    expect(tags.long).toBe('y'.repeat(900));
  });

  test('a server without a registry says so, and one without artifacts what to do', async () => {
    const mlflow = client(home);
    proxy.fail({ fault: { kind: 'status', status: 404, body: '404 page not found' } });
    const error = await refusalOf(mlflow.createRegisteredModel({ name: uniqueName('m') }));
    expect(error).toMatchObject({ failure: 'not-mlflow', status: 404 });
    expect(error.message).toContain('there is no registry of models');
    const body = 'Endpoint: disabled due to the mlflow server running with `--no-serve-artifacts`.';
    proxy.fail({ fault: { kind: 'status', status: 503, body } });
    expect((await refusalOf(mlflow.uploadArtifact(run, 'x', Buffer.from('x')))).hint).toContain(
      '--serve-artifacts',
    );
  });

  test('wrong, missing and expired credentials are told apart, and never shown', async () => {
    const wrong = client({ ...home, password: 'GEHEIM wrong' });
    expect(await refusalOf(wrong.run(id()))).toMatchObject({
      failure: 'unauthenticated',
      status: 401,
      exitCode: 2,
    });
    expect((await refusalOf(wrong.uploadArtifact(run, 'x', Buffer.from('x')))).hint).toContain(
      'have expired',
    );
    const none = client({ ...home, username: undefined, password: undefined });
    expect((await refusalOf(none.ensureExperiment('x'))).hint).toContain('set MLFLOW_TRACKING_USERNAME');
  });

  test('a user without rights is told on which experiment and model', async () => {
    const name = uniqueName('user');
    const other = { ...(await addUser(direct, name)), url: home.url };
    const model = uniqueName('model');
    const admin = client(home);
    await admin.createRegisteredModel({ name: model });
    await grant(direct, name, { experimentId: experiment.experiment_id }, 'DENY');
    await grant(direct, name, { model }, 'READ');
    const mlflow = client(other);
    const run403 = await refusalOf(newRun(mlflow));
    expect(run403).toMatchObject({ failure: 'forbidden', status: 403 });
    expect(run403.message).toContain(`experiment ${experiment.experiment_id}`);
    expect(await refusalOf(mlflow.ensureExperiment(experiment.name))).toMatchObject({ failure: 'forbidden' });
    expect(await refusalOf(mlflow.run(id()))).toMatchObject({ failure: 'forbidden' });
    expect(await refusalOf(mlflow.artifact(run, 'a.txt'))).toMatchObject({ failure: 'forbidden' });
    expect(await refusalOf(mlflow.uploadArtifact(run, 'a.txt', Buffer.from('x')))).toMatchObject({
      failure: 'forbidden',
    });
    const tag403 = await refusalOf(mlflow.setRegisteredModelTag(model, 'k', 'v'));
    expect(tag403.failure).toBe('forbidden');
    expect(`${tag403.message} ${tag403.hint}`).toContain(model);
  });
});

describe('what is no MLflow server', () => {
  const servers: Server[] = [];
  afterAll(() => Promise.all(servers.map((server) => new Promise((done) => server.close(done)))));

  async function answering(listener: RequestListener): Promise<MlflowHome> {
    const server = createServer((request, response) =>
      request.resume().once('end', () => listener(request, response)),
    );
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return MlflowHome.parse({
      url: `http://127.0.0.1:${port}`,
      username: 'me',
      password: 'GEHEIM pass',
      timeoutMs: 10_000,
    });
  }

  test.each<[string, string, string, RegExp]>([
    ['another API', 'application/json', '{"status":"ok"}', /something else than MLflow does \(run: /],
    ['a list', 'application/json', '[]', /something else than MLflow does/],
    ['text', 'text/plain', 'It works!', /with something else, expected JSON/],
    ['a page', 'text/html', '<!DOCTYPE html><html></html>', /with a web page, expected JSON/],
    ['nothing', 'text/plain', '', /with something else, expected JSON/],
  ])('%s: one clear sentence', async (_what, type, body, message) => {
    const mlflow = client(
      await answering((_, response) => response.setHeader('content-type', type).end(body)),
    );
    const error = await refusalOf(mlflow.run('x'));
    expect(error).toMatchObject({ failure: 'not-mlflow', status: 200, exitCode: 2 });
    expect(error.message).toMatch(message);
    expect(await mlflow.serverVersion()).toBeNull();
  });

  test('one that repeats its credentials in its answer does not get them into the message', async () => {
    const home = await answering((request, response) => {
      response.statusCode = 400;
      response.end(
        JSON.stringify({ error_code: 'X', message: `${request.headers.authorization} GEHEIM pass` }),
      );
    });
    const error = await refusalOf(client(home).run('x'));
    expect(error.message).toContain('***');
    for (let at: unknown = error; at instanceof Error; at = at.cause) {
      const all = inspect(at, { depth: 10, showHidden: true }) + JSON.stringify(at);
      expect(all).not.toContain('GEHEIM');
      expect(all).not.toContain(Buffer.from('me:GEHEIM pass').toString('base64'));
    }
  });

  test('a token goes as a bearer and wins over user and password; four requests at a time, no more', async () => {
    let running = 0;
    let most = 0;
    const home = await answering((request, response) => {
      most = Math.max(most, ++running);
      setTimeout(() => {
        running--;
        response.statusCode = request.headers.authorization === 'Bearer GEHEIM-token' ? 404 : 401;
        response.setHeader('content-type', 'application/json');
        response.end('{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"none"}');
      }, 30);
    });
    const mlflow = client({ ...home, token: 'GEHEIM-token' });
    expect(await Promise.all(Array.from({ length: 10 }, () => mlflow.run('x')))).toEqual(
      Array(10).fill(null),
    );
    expect(most).toBe(4);
    expect((await refusalOf(client(home).run('x'))).failure).toBe('unauthenticated');
  });

  test('one that drips its answer, or sends too much of it, is left', async () => {
    const drips = await answering((_, response) => {
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    });
    const slow = await refusalOf(client({ ...drips, retries: 0, timeoutMs: 500 }).run('x'));
    expect(slow).toMatchObject({ failure: 'unavailable' });
    expect(slow.message).toMatch(/time/);
    const floods = await answering((_, response) => {
      const more = () => {
        while (response.write(Buffer.alloc(1 << 20, 32)));
        response.once('drain', more);
      };
      more();
    });
    const flood = await refusalOf(client({ ...floods, timeoutMs: 30_000 }).run('x'));
    expect(flood).toMatchObject({ failure: 'exhausted' });
    expect(flood.message).toMatch(/more than \d+ bytes/);
  });

  test('one that is not there, or has no such name, is told as that', async () => {
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const { port } = gone.address() as AddressInfo;
    await new Promise((done) => gone.close(done));
    const home = MlflowHome.parse({ url: `http://127.0.0.1:${port}`, retries: 2 });
    const mlflow = client(home);
    const error = await refusalOf(mlflow.run('x'));
    expect(error).toMatchObject({ failure: 'unavailable', exitCode: 3 });
    expect(error.message).toMatch(/refuses the connection \(3 attempts\)/);
    // It surely did not get it: made again, and no riddle.
    const creation = await refusalOf(
      mlflow.createRun({ experimentId: '1', name: 'r', startTime: new Date() }),
    );
    expect(creation.failure).toBe('unavailable');
    const nowhere = await refusalOf(client({ ...home, url: 'http://no-such-host.invalid' }).run('x'));
    expect(nowhere.hint).toMatch(/MLFLOW_TRACKING_URI|server runs/);
  });
});
