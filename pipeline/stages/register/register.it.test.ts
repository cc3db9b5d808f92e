import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MortalChild, mortalChild } from '../../../test/mortal-child.ts';
import { readHistory } from '../../clients/history-folder.ts';
import { ConflictError, CorruptError, UsageError } from '../../contracts/errors.ts';
import { Production, Promotion } from '../../contracts/promotion.ts';
import { readJson, writeJson } from '../../files.ts';
import { rollback } from './rollback.ts';
import { completeRegister, followAlias, register } from './run.ts';
import { leaveDecision, sampleContext } from './sample-run.testing.ts';

const versions = { commit: 'c', dataVersion: 'd' };
const folders: string[] = [];
let base: string;
let child: MortalChild;

beforeAll(async () => {
  child = await mortalChild(fileURLToPath(new URL('register-child.testing.ts', import.meta.url)));
  base = await folder();
  // v0001 is the champion; a better challenger has been decided on, and not been registered.
  await leaveDecision(base, { content: 'one', champion: null });
  const { context, registry, promotion } = await sampleContext(base);
  const champion = await register(context, { registry, promotion, ...versions });
  await leaveDecision(base, { content: 'two', champion, at: '2026-02-02T00:00:00.000Z' });
});
afterAll(() =>
  Promise.all([child?.remove(), ...folders.map((path) => rm(path, { recursive: true, force: true }))]),
);

describe('register', () => {
  it('makes the promoted challenger the champion, in the registry, in production and in the history', async () => {
    const root = await copy();
    const { context, registry, promotion } = await sampleContext(root);
    const run = '0123456789abcdef0123456789abcdef';
    const version = await register(context, { registry, promotion, ...versions, run, by: 'the robot' });
    expect(version).toMatchObject({ version: 'v0002', parent: 'v0001', metrics: { wape: 0.15 }, run });
    expect((await readJson(context.paths.production, Production))?.run).toBe(run);
    await expectPromoted(root);
    expect((await readHistory(context.paths.history)).at(-1)).toMatchObject({
      by: 'the robot',
      from: 'v0001',
    });
  });

  it('registers a refused challenger and leaves the champion', async () => {
    const root = await copy();
    const { registry, context } = await sampleContext(root);
    const champion = await registry.alias('champion');
    const promotion = await leaveDecision(root, { content: 'two', champion, promote: false });
    await register(context, { registry, promotion, ...versions });
    expect((await registry.alias('champion'))?.version).toBe('v0001');
    expect((await readJson(context.paths.production, Production))?.version).toBe('v0001');
    expect((await readHistory(context.paths.history)).map(({ kind }) => kind)).toContain('refusal');
  });

  it('lets one of two promoters win; the other leaves production and history alone', async () => {
    const root = await copy();
    const { context, registry, promotion } = await sampleContext(root);
    const stale = { ...promotion, champion: { ...promotion.champion!, version: 'v0009' } };
    await expect(register(context, { registry, promotion: stale, ...versions })).rejects.toThrow(
      ConflictError,
    );
    expect((await readJson(context.paths.production, Production))?.version).toBe('v0001');
    expect(await readHistory(context.paths.history)).toHaveLength(1);
  });

  it('refuses a bundle that is not the one decided on', async () => {
    const { context, registry, promotion } = await sampleContext(await copy());
    const other = { ...promotion, challenger: { ...promotion.challenger, digest: 'f'.repeat(64) } };
    await expect(register(context, { registry, promotion: other, ...versions })).rejects.toThrow(
      CorruptError,
    );
  });

  it('killed at one write or another, is completed by the next call and never half promoted', async () => {
    const operations = await run(await copy(), 'register', 0);
    expect(operations).toBeGreaterThan(15);
    await inBatches(operations, async (dieAt) => {
      const root = await copy();
      await run(root, 'register', dieAt);
      const { context, registry } = await sampleContext(root);
      // Whatever the moment, the champion is whole: the old one or the new one.
      const champion = await registry.alias('champion');
      expect(['v0001', 'v0002']).toContain(champion?.version);
      await completeRegister(context, { registry, ...versions });
      await expectPromoted(root);
    });
  }, 300_000);
});

describe('completeRegister', () => {
  it('does nothing where nothing is left to do', async () => {
    const root = await copy();
    const { context, registry } = await sampleContext(root);
    await completeRegister(context, { registry, ...versions });
    expect(await completeRegister(context, { registry, ...versions })).toBeNull();
    await expectPromoted(root);
  });

  it('leaves a decision alone whose bundle another training has replaced', async () => {
    const root = await copy();
    const { context, registry, promotion } = await sampleContext(root);
    await leaveDecision(root, { content: 'three', champion: null });
    await writeJson(context.paths.promotion, Promotion, promotion);
    expect(await completeRegister(context, { registry, ...versions })).toBeNull();
    expect((await registry.alias('champion'))?.version).toBe('v0001');
  });
});

describe('rollback', () => {
  it('makes the predecessor champion in one step, recorded; again, there is none before it', async () => {
    const { context, registry } = await promoted();
    const version = await rollback(context, { registry, by: 'a person', why: 'it forecasts nonsense' });
    expect(version.version).toBe('v0001');
    expect((await registry.alias('champion'))?.version).toBe('v0001');
    expect((await readJson(context.paths.production, Production))?.version).toBe('v0001');
    expect((await readHistory(context.paths.history)).at(-1)).toMatchObject({
      kind: 'rollback',
      by: 'a person',
      from: 'v0002',
      to: 'v0001',
      why: 'it forecasts nonsense',
    });
    await expect(rollback(context, { registry, by: 'x', why: 'y' })).rejects.toThrow(UsageError);
  });

  it('goes to a named version, and to none that is not there or already champion', async () => {
    const { context, registry } = await promoted();
    const to = (version: string) => rollback(context, { registry, to: version, by: 'x', why: 'y' });
    await expect(to('v0002')).rejects.toThrow(/already/);
    await expect(to('v0042')).rejects.toThrow(/no version v0042/);
    expect((await to('v0001')).version).toBe('v0001');
  });

  it('goes away from a champion whose files are damaged, and to none that is', async () => {
    const { context, registry } = await promoted();
    const damage = (version: string) =>
      writeFile(join(context.paths.registry, version, 'bundle', 'schema.json'), '{}');
    await damage('v0002');
    await expect(registry.alias('champion')).rejects.toThrow(CorruptError);
    expect((await rollback(context, { registry, by: 'x', why: 'y' })).version).toBe('v0001');
    expect((await readJson(context.paths.production, Production))?.version).toBe('v0001');
    await expect(rollback(context, { registry, to: 'v0002', by: 'x', why: 'y' })).rejects.toThrow(
      CorruptError,
    );
    expect((await registry.alias('champion'))?.version).toBe('v0001');
  });

  it('killed at one write or another, leaves a whole champion, and is done by asking again', async () => {
    const start = await promoted();
    const root = start.context.workspace.root;
    const operations = await run(await copy(root), 'rollback', 0);
    expect(operations).toBeGreaterThan(5);
    await inBatches(operations, async (dieAt) => {
      const here = await copy(root);
      await run(here, 'rollback', dieAt);
      const { context, registry } = await sampleContext(here);
      await followAlias(context, registry);
      if ((await registry.alias('champion'))?.version === 'v0002')
        await rollback(context, { registry, by: 'a person', why: 'again' });
      expect((await registry.alias('champion'))?.version).toBe('v0001');
      expect((await readJson(context.paths.production, Production))?.version).toBe('v0001');
      expect((await readHistory(context.paths.history)).map(({ kind }) => kind)).toContain('rollback');
    });
  }, 300_000);
});

async function promoted() {
  const made = await sampleContext(await copy());
  await register(made.context, { ...made, ...versions });
  return made;
}

async function expectPromoted(root: string): Promise<void> {
  const { context, registry } = await sampleContext(root);
  expect((await registry.versions()).map(({ version }) => version)).toEqual(['v0001', 'v0002']);
  expect((await registry.alias('champion'))?.version).toBe('v0002');
  expect((await registry.alias('challenger'))?.version).toBe('v0002');
  expect((await readJson(context.paths.production, Production))?.version).toBe('v0002');
  expect((await readHistory(context.paths.history)).map(({ kind, to }) => `${kind} ${to}`)).toEqual([
    'promotion v0001',
    'promotion v0002',
  ]);
  expect((await readdir(context.paths.registry)).filter((name) => name.startsWith('.new-'))).toEqual([]);
}

/** At every other write, the last among them: each takes a process of its own. Several at once, for most of the time
 *  goes into waiting for a dead child's lock. */
async function inBatches(count: number, test: (dieAt: number) => Promise<void>): Promise<void> {
  const all = Array.from({ length: Math.ceil(count / 2) }, (_, i) => count - 2 * i);
  while (all.length > 0) await Promise.all(all.splice(0, 5).map(test));
}

/** @returns how many things the child did to the file system */
async function run(root: string, work: 'register' | 'rollback', dieAt: number): Promise<number> {
  const { killed, writes } = await child.run([root, work], { dieAt, under: root });
  if (dieAt > 0) expect(killed).toBe(true);
  return writes ?? 0;
}

async function copy(from = base): Promise<string> {
  const to = await folder();
  await cp(from, to, { recursive: true });
  return to;
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'register-'));
  folders.push(path);
  return path;
}
