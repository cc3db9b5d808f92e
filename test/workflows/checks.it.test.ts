import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finished } from './actions.ts';
import { REPOSITORY } from './read-workflows.ts';
import { canAct, Stage } from './stage.ts';

const QUICK = { lint: 'node -e 0', types: 'node -e 0', 'test:unit': 'node -e 0' };

/** The scripts themselves are what `npm test` runs: here it is about which are run, and what becomes of their word. */
async function packageWith(scripts: Record<string, string>): Promise<string> {
  const text = JSON.parse(await readFile(join(REPOSITORY, 'package.json'), 'utf8'));
  return JSON.stringify({ ...text, scripts: { ...text.scripts, ...scripts } }, null, 2);
}

describe.skipIf(!(await canAct()))('checks', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.set({ 'package.json': await packageWith(QUICK) });
  });
  afterAll(() => stage?.end());

  const results = (run: Finished) => Object.fromEntries(run.jobs.map(({ name, result }) => [name, result]));

  it('is green when every check is, and shows each beside the commit', async () => {
    const sha = await stage.push('feature/green', 'dev', { 'notes.md': 'a note\n' });
    await stage.open('feature/green', 'dev');
    const [run, ...others] = await stage.actions.idle();
    expect(others).toEqual([]);
    expect(results(run)).toEqual({
      lint: 'success',
      types: 'success',
      'test:unit': 'success',
      checks: 'success',
    });
    expect(run.log).toMatch(/checked out [0-9a-f]+ change of feature\/green/);
    const shown = stage.host.state.checks.filter((one) => one.sha === sha);
    expect(shown.find(({ name }) => name === 'checks')?.conclusion).toBe('success');
    expect(shown).toHaveLength(4);
  });

  it('is red when one check is, and runs the others to their end', async () => {
    const text = await packageWith({ ...QUICK, types: 'node -e "process.exit(2)"' });
    await stage.push('feature/red', 'dev', { 'package.json': text });
    await stage.open('feature/red', 'dev');
    const [run] = await stage.actions.idle();
    expect(results(run)).toEqual({
      lint: 'success',
      types: 'failure',
      'test:unit': 'success',
      checks: 'failure',
    });
  });

  it('gives no secret to anybody', async () => {
    const print = 'node -e "console.log(JSON.stringify(process.env))"';
    await stage.push('feature/curious', 'dev', {
      'package.json': await packageWith({ ...QUICK, lint: print }),
    });
    await stage.open('feature/curious', 'dev');
    const [run] = await stage.actions.idle();
    const lint = run.jobs.find(({ name }) => name === 'lint')!;
    expect(lint.log).toContain('GITHUB_REPOSITORY');
    expect(lint.log).not.toMatch(/PERENNIAL_APP_PRIVATE_KEY|MLFLOW_TRACKING_PASSWORD|PRIVATE KEY/);
    expect(lint.steps.at(-1)).toEqual({ name: 'npm run lint', result: 'success' });
  });
});
