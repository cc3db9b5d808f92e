import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sampleBundle } from '../../pipeline/registry/sample-bundle.testing.ts';
import { temporaryFolder } from '../following.testing.ts';
import { type Log, silent } from '../log.ts';
import { openState } from './state.ts';

const at = '2026-07-01T00:00:00.000Z';
const digest = (letter: string) => letter.repeat(64);
let folder: string;
let remove: () => Promise<void>;
beforeEach(async () => {
  const made = await temporaryFolder();
  folder = join(made.folder, 'state');
  remove = made.remove;
});
afterEach(() => remove());

const open = (code = 'this code', log: Log = silent) => openState(folder, { log, code: () => code });
const refusal = { model: 'infections', version: 'v0002', digest: digest('a'), reason: 'it fails', at };

function versionOf(content: string) {
  const { files, digest: name } = sampleBundle(content);
  const version = {
    ...{ model: 'infections', version: 'v0001', digest: name, registered_at: at, metrics: {} },
    ...{ hyperparameters: {}, commit: 'c', data_version: 'd', run: null, parent: null },
    ...{ train_end: at, candidate: 'trees', is_baseline: false },
  };
  return { files, version };
}

describe('what the service remembers', () => {
  it('is there at the next start: refused, pinned, the history', async () => {
    const state = await open();
    await state.refuse(refusal);
    await state.pin('infections', 'v0001');
    await state.addSwap({
      ...{ at, model: 'infections', kind: 'bundle', result: 'refused' },
      ...{ from: 'v0001', to: 'v0002', reason: 'it fails' },
    });
    const next = await open();
    expect(next.isRefused('infections', refusal.digest)).toBe(true);
    expect(next.isRefused('deaths', refusal.digest)).toBe(false);
    expect(next.pinned('infections')).toBe('v0001');
    expect(next.swaps('infections')).toHaveLength(1);
    expect(await next.lift('infections', refusal.digest)).toBe(true);
    expect(await next.lift('infections', refusal.digest)).toBe(false);
    expect((await open()).refused('infections')).toEqual([]);
  });

  it('lets other code try what this code could not read, and nothing else', async () => {
    const state = await open();
    await state.refuse(refusal, { unreadable: true });
    await state.refuse({ ...refusal, digest: digest('b') });
    const other = await open('other code');
    expect(other.isRefused('infections', digest('a'))).toBe(false);
    expect(other.isRefused('infections', digest('b'))).toBe(true);
    expect((await open()).isRefused('infections', digest('a'))).toBe(true);
  });

  it('keeps the newest 500 swaps', async () => {
    const state = await open();
    for (let n = 0; n <= 500; n++)
      void state.addSwap({
        ...{ at, model: 'infections', kind: 'pack', result: 'swapped' },
        ...{ from: null, to: `${n}`, reason: 'newer' },
      });
    await state.settled();
    const swaps = (await open()).swaps('infections');
    expect([swaps.length, swaps[0].to, swaps.at(-1)?.to]).toEqual([500, '1', '500']);
  });

  it('is what was served last and the one before; older ones go', async () => {
    const state = await open();
    const all = ['one', 'two', 'three'].map(versionOf);
    for (const { files, version } of all) {
      await state.store('bundles', version.digest, files);
      await state.keep('infections', { at, version, pack: null });
    }
    const last = await (await open()).lastServed('infections');
    expect(last).toMatchObject({ at, version: all[2].version, pack: null });
    expect(new Map(last!.files)).toEqual(all[2].files);
    expect(state.previous('infections')?.digest).toBe(all[1].version.digest);
    const kept = [all[1].version.digest, all[2].version.digest].sort();
    expect((await readdir(join(folder, 'bundles'))).sort()).toEqual(kept);
  });

  it('goes on where a file of it is broken, or it cannot be written at all, and says so', async () => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'refused.json'), '{"format":1,"refused":[');
    const said: string[] = [];
    const log = {
      ...silent,
      error: (_facts: unknown, message?: string) => said.push(String(message)),
    } as Log;
    const state = await open('', log);
    expect(said[0]).toContain('refused.json cannot be read');
    await remove();
    await writeFile(join(folder, '..'), 'a file where the folder was');
    await state.refuse(refusal);
    expect(said[1]).toContain('could not be remembered');
    expect(state.isRefused('infections', refusal.digest)).toBe(true);
  });

  it('never names a bundle whose files are not there', async () => {
    const state = await open();
    const { version } = versionOf('one');
    await state.keep('infections', { at, version, pack: null });
    await expect(readFile(join(folder, 'served.json'))).rejects.toThrow(/ENOENT/);
  });
});
