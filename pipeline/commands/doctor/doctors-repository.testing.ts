import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { uniqueName } from '../../../test/servers/mlflow.ts';
import { makeConsole } from '../../console.ts';
import { REPOSITORY } from '../../workspace.ts';
import { examineAll } from '../doctor.ts';
import type { Environment } from '../environment.ts';
import type { Finding } from './finding.ts';

/** Settings of this machine's user stay out. */
export const NONE = { DVC_GLOBAL_CONFIG_DIR: '/nowhere', DVC_SYSTEM_CONFIG_DIR: '/nowhere' };

/** A repository of one model, as far as doctor looks at one. */
export async function doctorsRepository() {
  const root = await mkdtemp(join(tmpdir(), 'doctor-'));
  await copyFile(join(REPOSITORY, 'package.json'), join(root, 'package.json'));
  return {
    root,
    /** @returns the name of a model that no other test has */
    async newModel(): Promise<string> {
      const model = uniqueName('cases');
      const entry = `task: forecast\n    source: { urls: [https://example.org/cases.csv] }`;
      await writeFile(join(root, 'params.yaml'), `models:\n  ${model}:\n    ${entry}\n`);
      return model;
    },
    doctor: (env: NodeJS.ProcessEnv = {}, change: Partial<Environment> = {}) =>
      examineAll(quietEnvironment(change), { repository: root, env: { ...NONE, ...env } }),
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

export const quietEnvironment = (change: Partial<Environment> = {}): Environment => ({
  run: 'r',
  console: makeConsole({ quiet: true, json: false }),
  log: pino({ level: 'silent' }),
  now: () => new Date(),
  signal: new AbortController().signal,
  ...change,
});

export const wrongOf = (findings: Finding[]) => findings.filter(({ state }) => state === 'wrong');
export const notes = (findings: Finding[]) =>
  findings.filter(({ state }) => state === 'note').map(({ said }) => said);
