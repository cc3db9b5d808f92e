import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { Params } from '../../contracts/params.ts';
import { writeWhole } from '../../files.ts';
import type { Answers } from './answers.ts';
import { editEnv, settingsOf } from './edit-env.ts';
import { editParams } from './edit-params.ts';
import { cronOf, editSchedule } from './edit-schedule.ts';
import { secretsForEnv } from './next-steps.ts';

export const ETL_WORKFLOW = join('.github', 'workflows', 'etl.yml');

/** Writes what follows from the answers. All texts are made before the first file is touched.
 *  @param options.before done between the two
 *  @returns what was done, a line each; empty: all was so already */
export async function writeAnswers(
  answers: Answers,
  repository: string,
  { before }: { before: () => Promise<string[]> },
): Promise<string[]> {
  const read = (path: string) => readFile(join(repository, path), 'utf8');
  const [params, workflow, dotEnv] = [
    await read('params.yaml'),
    await read(ETL_WORKFLOW),
    await read('.env').catch(() => ''),
  ];
  const newParams = editParams(params, answers);
  const timezone = timezoneOf(newParams);
  const newWorkflow = editSchedule(workflow, { cron: cronOf(answers.schedule), timezone });
  const newEnv = editEnv(dotEnv, { settings: settingsOf(answers), secrets: secretsForEnv(answers) });

  const done = await before();
  const write = async (path: string, text: { was: string; is: string }, mode?: number) => {
    if (text.was === text.is) return;
    await writeWhole(join(repository, path), text.is, { mode });
    done.push(`wrote ${path}`);
  };
  await write('params.yaml', { was: params, is: newParams });
  await write(ETL_WORKFLOW, { was: workflow, is: newWorkflow });
  // Secrets will stand in it.
  await write('.env', { was: dotEnv, is: newEnv }, 0o600);
  return done;
}

/** That of the active models' sources; `UTC` where they do not agree. */
export function timezoneOf(params: string): string {
  const active = Object.values(Params.parse(parse(params)).models).filter((model) => model.active);
  const zones = new Set(active.map(({ source }) => source.timezone));
  const [only] = zones;
  return zones.size === 1 && only !== undefined ? only : 'UTC';
}
