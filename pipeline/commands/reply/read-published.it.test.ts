import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dvcAt } from '../../clients/dvc.ts';
import { git } from '../../clients/git.ts';
import type { PackManifest } from '../../contracts/bundle.ts';
import type { RemoteHome } from '../../contracts/homes.ts';
import type { PackForecasts } from '../../contracts/pack.ts';
import { writeWhole } from '../../files.ts';
import { paths } from '../../workspace.ts';
import { packPointer } from '../etl/pack-pointer.ts';
import { readPublished } from './read-published.ts';

let folder: string;
let workspace: { root: string; local: boolean };
const pulls: string[] = [];
let dvc: ReturnType<typeof dvcAt>;
const at = () => paths(workspace, 'm');

const FORECASTS: PackForecasts = {
  target: 'new_cases',
  last_time: '2026-06-30T00:00:00.000Z',
  tracts: [{ id: '1', name: 'One', recent: [], forecasts: [] }],
};

async function publish(bundle: string): Promise<PackManifest> {
  const forecasts = JSON.stringify(FORECASTS);
  const manifest: PackManifest = {
    format: 1,
    model: 'm',
    published_at: '2026-06-30T22:15:00.000Z',
    last_time: FORECASTS.last_time,
    data_version: 'abc.dir',
    snapshot: 'a'.repeat(64),
    bundle,
    files: {
      'forecasts.json': {
        sha256: createHash('sha256').update(forecasts).digest('hex'),
        bytes: forecasts.length,
      },
    },
  };
  await writeWhole(join(at().pack, 'forecasts.json'), forecasts);
  await writeWhole(join(at().pack, 'pack.json'), JSON.stringify(manifest));
  return manifest;
}

const read = () =>
  readPublished(workspace, 'm', async (pointer) => {
    pulls.push(pointer);
    await mkdir(join(workspace.root, 'artifacts', 'm'), { recursive: true });
    await dvc.pull({ targets: [pointer] });
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'read-published-'));
  workspace = { root: join(folder, 'clone'), local: false };
  await git(folder, ['init', '--quiet', 'clone']);
  const url = join(folder, 'remote');
  await mkdir(url);
  const remote: RemoteHome = {
    name: 'near',
    kind: 'folder',
    shown: url,
    config: { url },
    secrets: [],
    from: 'PERENNIAL_REMOTE',
  };
  dvc = dvcAt({ root: workspace.root, remote });
  await dvc.init();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the pack that git names comes from the remote, once, and is checked', async () => {
  expect(await read()).toBeNull();
  const manifest = await publish('b'.repeat(64));
  await writeWhole(join(at().reports, 'pack.dvc'), packPointer('m', manifest));
  await dvc.commit('reports/m/pack.dvc');
  await dvc.push({ targets: ['reports/m/pack.dvc'] });

  // Another machine: git's files alone.
  await rm(join(workspace.root, 'artifacts'), { recursive: true });
  await rm(join(workspace.root, '.dvc', 'cache'), { recursive: true, force: true });
  expect(await read()).toMatchObject({ manifest, forecasts: FORECASTS, version: null });
  expect(await read()).toMatchObject({ from: 'the pack that `master` names' });
  expect(pulls).toEqual(['reports/m/pack.dvc']);

  const path = join(at().pack, 'forecasts.json');
  const text = await readFile(path, 'utf8');
  await rm(path);
  await writeWhole(path, text.replace('One', 'Two'));
  await expect(read()).rejects.toMatchObject({ exitCode: 6 });
});
