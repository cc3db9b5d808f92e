import { chmod, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedMlflow } from '../../../test/servers/shared-mlflow.ts';
import { git } from '../../clients/git.ts';
import type { Mlflow } from '../../clients/mlflow/mlflow.ts';
import { mlflowAt } from '../../clients/mlflow/mlflow-at.ts';
import { CorruptError, UsageError } from '../../contracts/errors.ts';
import { RegisteredVersion } from '../../contracts/registry.ts';
import type { Snapshot } from '../../contracts/snapshot.ts';
import { readJson, writeJson } from '../../files.ts';
import { FOLDER_TAG, numberOf } from '../../registry/mlflow/facts.ts';
import { modelOn } from '../../registry/mlflow-home.testing.ts';
import { about } from '../../registry/sample-bundle.testing.ts';
import { chainText } from './chain-text.ts';
import { lineageAt, makeLineage, publishPack } from './lineage.testing.ts';
import type { Chain } from './link.ts';
import { usesOfData, usesOfSnapshot } from './read-uses.ts';
import { explain } from './run.ts';

const folders: string[] = [];
let base: string;
let snapshots: Snapshot[];
let commit: string;

beforeAll(async () => {
  base = await folder();
  ({ snapshots, commit } = await makeLineage(base));
});
afterAll(() => Promise.all(folders.map((path) => rm(path, { recursive: true, force: true }))));

describe('explain', () => {
  it('prints a chain in which every link holds, from the forecast to the source', async () => {
    const chain = await explained(base);
    expect(chain).toMatchObject({ model: 'infections', version: 'v0002', aliases: ['champion'] });
    expect(signs(chain)).toEqual({
      forecast: 'ok',
      version: 'ok',
      run: 'unknown',
      commit: 'ok',
      data: 'ok',
      snapshot: 'ok',
      source: 'ok',
    });
    const text = chainText(chain);
    expect(text).toContain('published 2026-02-02T00:00:00.000Z from v0002');
    expect(text).toContain(`✓ ${snapshots[2].sha256}`);
    expect(text).toContain('and 2 before it (2 in archives)');
    expect(text).toContain('✓ https://portal.example/cases.csv');
    expect(text).toContain('? none');
    expect(text).toMatch(/6 of 7 links hold, 1 could not be looked at from here\.$/);
  });

  it('tells of a version that nothing was forecast with', async () => {
    const chain = await explained(base, { version: 'v0001' });
    expect(signs(chain)).toMatchObject({ forecast: 'unknown', version: 'ok', data: 'ok', snapshot: 'ok' });
    expect(link(chain, 'forecast')).toMatchObject({
      why: expect.stringContaining('none of v0001'),
      hint: 'perennial explain v0002',
    });
    expect(link(chain, 'snapshot').value).toBe(snapshots[1].sha256);
  });

  it('shows what newer forecasts were made from beside what the model has learnt from', async () => {
    const root = await copy();
    const { context, registry } = lineageAt(root);
    const [first, second] = await registry.versions();
    const of = { bundle: second.digest, data: first.data_version, snapshot: snapshots[1].sha256 };
    await publishPack(context, of);
    const chain = await explained(root);
    expect(chain.links.slice(0, 4).map((each) => each.link)).toEqual([
      'forecast',
      'forecast data',
      'forecast snapshot',
      'version',
    ]);
    expect(link(chain, 'forecast snapshot')).toMatchObject({ checked: 'ok', value: snapshots[1].sha256 });
    // A pack that names a snapshot its data version never held:
    await publishPack(context, { ...of, snapshot: snapshots[2].sha256 });
    expect(link(await explained(root), 'forecast')).toMatchObject({
      checked: 'broken',
      why: expect.stringContaining('which its data version does not hold'),
    });
  });

  it.each([
    ['version', 'the bundle', (root: string) => flip(root, 'models', 'v0002', 'weights.bin')],
    ['forecast', 'the pack', (root: string) => flip(root, 'artifacts', 'pack', 'forecasts.json')],
    ['data', 'the cache', (root: string) => flipObject(root, 'second data')],
    ['data', 'a snapshot in the cache', (root: string) => flipObject(root, '2026-02-01,5')],
    ['data', 'an archive in the cache', (root: string) => flipObject(root, '2026-01-30,5')],
    ['data', 'the list of files in the cache', (root: string) => flipObject(root, '"relpath"')],
    ['snapshot', 'a snapshot of the work tree', (root: string) => flip(root, 'data', 'raw', 'cases.csv')],
  ])('breaks at the %s where one bit of %s has flipped', async (broken, _what, damage) => {
    const root = await copy();
    await damage(root);
    const chain = await explained(root);
    const first = chain.links.find(({ checked }) => checked === 'broken');
    expect(first?.link).toBe(broken);
    expect(first?.hint).toBeTruthy();
    expect(chainText(chain)).toContain('✗');
  });

  it('breaks at the snapshot too where its bytes in the cache are not what was collected', async () => {
    const root = await copy();
    await flipObject(root, '2026-02-01,5');
    expect(link(await explained(root), 'snapshot')).toMatchObject({
      checked: 'broken',
      why: expect.stringContaining('2026-02-01T22-00-00.000Z holds another cases.csv'),
    });
  });

  it('tells how to fetch data that is not here, and from where', async () => {
    const root = await copy();
    await rm(join(root, '.dvc', 'cache'), { recursive: true, force: true });
    const current = link(await explained(root), 'data');
    expect(current).toMatchObject({ checked: 'unknown', hint: expect.stringContaining('no remote') });
    const old = await explained(root, { version: 'v0001', remote: 's3://bucket/data' });
    expect(link(old, 'data').hint).toContain('from s3://bucket/data');
    expect(link(old, 'data').hint).toContain(`git checkout ${commit.slice(0, 12)} -- data.dvc`);
    expect(signs(old)).toMatchObject({ version: 'ok', snapshot: 'unknown', source: 'unknown' });
  });

  it('says of a commit whether it is missing, or the clone only too shallow, or nothing known of it', async () => {
    const root = await copy();
    await edit(root, { commit: 'f'.repeat(40) });
    expect(link(await explained(root), 'commit')).toMatchObject({ checked: 'broken' });
    const shallow = await folder();
    await git(root, ['clone', '--quiet', '--depth', '1', `file://${base}`, shallow]);
    const chain = await explained(root, { repository: shallow });
    expect(link(chain, 'commit')).toMatchObject({ checked: 'unknown', hint: 'run `git fetch --unshallow`' });
    const nowhere = await explained(root, { repository: await folder() });
    expect(link(nowhere, 'commit')).toMatchObject({ checked: 'unknown', why: 'this is no git checkout' });
    await edit(root, { commit: 'unknown' });
    expect(link(await explained(root), 'commit').checked).toBe('unknown');
  });

  it('names the versions there are where one is asked for that is not there, deleted or never made', async () => {
    const root = await copy();
    await rm(join(root, 'models', 'infections', 'v0002'), { recursive: true });
    const refused = await explained(root, { version: 'v0002' }).catch((error) => error);
    expect(refused).toBeInstanceOf(UsageError);
    expect(refused.hint).toBe('known are v0001');
    const champion = await explained(root).catch((error) => error);
    expect(champion).toBeInstanceOf(CorruptError);
    expect(champion.hint).toContain('perennial rollback infections');
    // Its forecasts stand on nothing now.
    const other = await explained(root, { version: 'v0001' });
    expect(link(other, 'forecast')).toMatchObject({ checked: 'broken' });
    await rm(join(root, 'models'), { recursive: true });
    await expect(explained(root)).rejects.toThrow(/has no champion yet/);
  });
});

describe('explain with MLflow', () => {
  let mlflow: Mlflow;
  let experimentId: string;

  beforeAll(async () => {
    mlflow = mlflowAt(await sharedMlflow('3'));
    ({ experiment_id: experimentId } = await mlflow.ensureExperiment(`explain-${Date.now()}`));
  }, 600_000);
  afterAll(() => mlflow?.close());

  it('compares the run with its version: code, data, bundle, state', async () => {
    const root = await copy();
    const { data_version, digest } = (await lineageAt(root).registry.versions())[1];
    const logged = async (told: { data?: string; status?: 'FINISHED' | 'FAILED' } = {}) => {
      const { info } = await mlflow.createRun({ experimentId, name: 'x', startTime: new Date() });
      const tags = {
        'mlflow.source.git.commit': commit,
        'perennial.data_version': data_version,
        'perennial.bundle': digest,
      };
      await mlflow.logBatch(info.run_id, { tags });
      const data = { name: 'infections', digest: told.data ?? data_version.slice(0, 36) };
      await mlflow.logInputs(info.run_id, [{ ...data, sourceType: 'local', source: '{}' }]);
      await mlflow.updateRun(info.run_id, { status: told.status ?? 'FINISHED', endTime: new Date() });
      await edit(root, { run: info.run_id });
      return info.run_id;
    };
    const run = async () => link(await explained(root, { mlflow }), 'run');

    const id = await logged();
    expect(await run()).toMatchObject({ checked: 'ok', value: expect.stringContaining(id) });
    await mlflow.deleteRun(id);
    expect(await run()).toMatchObject({ checked: 'broken', why: 'somebody deleted the run' });
    await logged({ data: `${'a'.repeat(32)}.dir` });
    expect(await run()).toMatchObject({
      checked: 'broken',
      why: expect.stringContaining('its data set is aaaa'),
    });
    await logged({ status: 'FAILED' });
    expect(await run()).toMatchObject({ checked: 'broken', why: expect.stringContaining('FAILED') });
    await edit(root, { run: '0'.repeat(32) });
    expect(await run()).toMatchObject({ checked: 'broken', why: expect.stringContaining('no such run') });
    expect(link(await explained(root), 'run')).toMatchObject({
      checked: 'unknown',
      why: 'no MLflow is configured here',
    });
  });
});

describe('explain, with the registry on MLflow', () => {
  let model: ReturnType<typeof modelOn>;
  beforeAll(async () => {
    model = modelOn(await sharedMlflow('3'));
  }, 600_000);
  afterAll(() => model?.close());

  it('reads the bundle from the server anew, and breaks at the version where it is another', async () => {
    const mlflow = model.client();
    const { context, registry: folder } = lineageAt(base);
    const [, known] = await folder.versions();
    const { commit, data_version } = known;
    const { experiment_id: experimentId } = await mlflow.ensureExperiment(model.experiment);
    const run = await mlflow.createRun({ experimentId, name: 'x', startTime: new Date() });
    await mlflow.updateRun(run.info.run_id, { status: 'FINISHED', endTime: new Date() });
    const { version } = await model
      .open()
      .register(await folder.bundle('v0002'), { ...about, commit, data_version, run: run.info.run_id });
    const ask = () =>
      explain(context, { registry: model.open(), mlflow, remote: null, repository: base, version });
    expect(signs(await ask())).toMatchObject({ forecast: 'ok', version: 'ok', run: 'ok', data: 'ok' });
    const stored = await mlflow.modelVersion(model.name, numberOf(version) as number);
    await mlflow.uploadArtifact(run, `${stored?.tags[FOLDER_TAG]}/schema.json`, Buffer.from('{}'));
    expect(link(await ask(), 'version')).toMatchObject({
      checked: 'broken',
      why: expect.stringContaining('schema.json'),
    });
  });
});

describe('explain, the other way round', () => {
  const uses = (root: string, asked: string) =>
    usesOfSnapshot(lineageAt(root).context, { registry: lineageAt(root).registry, asked });
  const answers = ({ versions, forecasts }: Awaited<ReturnType<typeof uses>>) => [
    ...versions.map(({ used }) => used),
    forecasts?.used,
  ];

  it('tells which versions and forecasts stand on a snapshot, archived or not, by its moment or hash', async () => {
    expect(answers(await uses(base, snapshots[2].sha256.slice(0, 10)))).toEqual(['no', 'yes', 'yes']);
    expect(answers(await uses(base, '2026-01-31T22:00:00'))).toEqual(['yes', 'yes', 'yes']);
  });

  it('says where it cannot be told, and which snapshots there are', async () => {
    const root = await copy();
    await rm(join(root, '.dvc', 'cache'), { recursive: true, force: true });
    expect(answers(await uses(root, '2026-02-01'))).toEqual(['unknown', 'unknown', 'unknown']);
    const refused = await uses(base, '2025-12-01').catch((error) => error);
    expect(refused).toBeInstanceOf(UsageError);
    expect(refused.hint).toContain('2026-02-01T22-00-00.000Z');
    await expect(uses(base, '2026-01')).rejects.toThrow(/begins 2 snapshots/);
  });

  it('tells the same of a data version', async () => {
    const { context, registry } = lineageAt(base);
    const [first] = await registry.versions();
    const told = await usesOfData(context, { registry, asked: first.data_version.slice(0, 8) });
    expect(answers(told)).toEqual(['yes', 'no', 'no']);
    expect(told.of.value).toBe(first.data_version);
    await expect(usesOfData(context, { registry, asked: 'ffffffff' })).rejects.toThrow(UsageError);
  });
});

function explained(
  root: string,
  options: { version?: string; remote?: string; repository?: string; mlflow?: Mlflow } = {},
): Promise<Chain> {
  const { context, registry } = lineageAt(root);
  return explain(context, { registry, mlflow: null, remote: null, repository: root, ...options });
}

function signs(chain: Chain): Record<string, string> {
  return Object.fromEntries(chain.links.map(({ link, checked }) => [link, checked]));
}

function link(chain: Chain, name: string) {
  return chain.links.find((each) => each.link === name)!;
}

/** Another fact of v0002, as if it had been registered so. */
async function edit(root: string, facts: Partial<RegisteredVersion>): Promise<void> {
  const path = join(root, 'models', 'infections', 'v0002', 'version.json');
  const before = await readJson(path, RegisteredVersion);
  await writeJson(path, RegisteredVersion, { ...before!, ...facts });
}

/** One bit of the one file below `folder` whose path holds both parts and ends so. */
async function flip(root: string, folder: string, part: string, end: string): Promise<void> {
  const names = await readdir(join(root, folder), { recursive: true });
  const found = names.filter((name) => name.includes(part) && name.endsWith(end));
  expect(found).toHaveLength(1);
  await flipFile(join(root, folder, found[0]));
}

/** One bit of the one object of DVC's cache that holds a text. */
async function flipObject(root: string, text: string): Promise<void> {
  const cache = join(root, '.dvc', 'cache', 'files', 'md5');
  const entries = await readdir(cache, { recursive: true, withFileTypes: true });
  const holding: string[] = [];
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && (await readFile(path)).includes(text)) holding.push(path);
  }
  // Of objects that several data versions have, the one that only v0002 has is the newest in time.
  const path = holding.length === 1 ? holding[0] : await ofV2(root, holding);
  const at = (await readFile(path)).indexOf(text);
  await flipFile(path, at);
}

async function ofV2(root: string, holding: string[]): Promise<string> {
  const data = (await lineageAt(root).registry.versions())[1].data_version;
  const list = holding.find((path) => path.replaceAll('/', '').endsWith(data));
  const zip = await Promise.all(
    holding.map(async (path) => ((await readFile(path)).subarray(0, 2).toString() === 'PK' ? path : null)),
  );
  return list ?? zip.find((path) => path !== null)!;
}

async function flipFile(path: string, at = 0): Promise<void> {
  const bytes = await readFile(path);
  bytes[at] ^= 1;
  await chmod(path, 0o644);
  await writeFile(path, bytes);
}

async function copy(): Promise<string> {
  const to = await folder();
  await cp(base, to, { recursive: true });
  return to;
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'explain-'));
  folders.push(path);
  return path;
}
