import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { examine, type Finding } from '../doctor/finding.ts';
import { readSchedule } from '../init/edit-schedule.ts';
import type { GithubCheck } from './examine-github.ts';

const FOLDER = '.github/workflows';
const ETL = 'etl.yml';

/** Every workflow is known to GitHub and switched on. */
export async function checkWorkflows({ github, where }: GithubCheck): Promise<Finding[]> {
  const files = (await readdir(join(where.repository, FOLDER)))
    .filter((name) => name.endsWith('.yml'))
    .sort();
  const there = new Map((await github.workflows()).map(({ path, state }) => [path, state]));
  const findings = files.flatMap((file): Finding[] => {
    const state = there.get(`${FOLDER}/${file}`);
    if (state === 'active') return [];
    const place = { home: 'workflows', where: file };
    if (state === undefined) {
      const said = 'GitHub does not know it';
      return [{ ...place, state: 'wrong', said, hint: 'push it to the default branch' }];
    }
    const [said, hint] = STATES[state] ?? [`is ${state}`, `gh workflow enable ${file}`];
    return [{ ...place, state: 'wrong', said, hint: hint.replace('FILE', file) }];
  });
  if (findings.length > 0) return findings;
  return [{ home: 'workflows', where: FOLDER, state: 'well', said: `all ${files.length} are switched on` }];
}

const STATES: Record<string, [said: string, hint: string]> = {
  disabled_inactivity: [
    'GitHub switched it off: the repository was quiet for 60 days',
    'gh workflow enable FILE; any commit keeps it on for the next 60',
  ],
  disabled_manually: ['somebody switched it off', 'gh workflow enable FILE'],
  disabled_fork: [
    'is off because this is a fork',
    'Actions → enable workflows, then gh workflow enable FILE',
  ],
};

/** A schedule that GitHub drops or delays is told by the age of its last run. */
export async function checkSchedule({ github, where, now }: GithubCheck): Promise<Finding> {
  const runs = await github.workflowRuns(ETL, { event: 'schedule' });
  return await examine({ home: 'schedule', where: ETL }, async () => {
    const { cron, timezone } = readSchedule(await readFile(join(where.repository, FOLDER, ETL), 'utf8'));
    const when = `${cron} ${timezone}`;
    const newest = Math.max(...runs.map(({ createdAt }) => Date.parse(createdAt)));
    if (runs.length === 0) {
      return {
        state: 'note' as const,
        said: `${when}: no scheduled run yet`,
        hint: `gh workflow run ${ETL} starts one`,
      };
    }
    return judgeAge({ cron, when, ageMs: now().getTime() - newest });
  });
}

const HOUR = 3_600_000;
/** Runs of a schedule start late, at busy times by hours. */
const DELAY_MS = 3 * HOUR;

/** @param options.ageMs of the newest scheduled run */
export function judgeAge({ cron, when, ageMs }: { cron: string; when: string; ageMs: number }) {
  const age =
    ageMs < 48 * HOUR ? `${Math.round(ageMs / HOUR)} hours` : `${Math.round(ageMs / HOUR / 24)} days`;
  const said = `${when}: the last scheduled run was ${age} ago`;
  if (ageMs <= 2 * periodMs(cron) + DELAY_MS) return said;
  return {
    state: 'wrong' as const,
    said,
    hint: `is it switched on (gh workflow view ${ETL})? GitHub drops runs at busy times: take another minute with npm run init -- --schedule`,
  };
}

/** The longest wait between two runs of one line of a cron table, as `init` writes them and people do. */
function periodMs(cron: string): number {
  const [, hour = '*', dayOfMonth = '*', month = '*', dayOfWeek = '*'] = cron.trim().split(/\s+/);
  if (month !== '*') return 366 * 24 * HOUR;
  if (dayOfMonth !== '*') return 31 * 24 * HOUR;
  if (dayOfWeek !== '*') return 7 * 24 * HOUR;
  if (/^\d+$/.test(hour)) return 24 * HOUR;
  const [, step] = /^\*\/(\d+)$/.exec(hour) ?? [];
  if (step) return Number(step) * HOUR;
  return hour === '*' ? HOUR : 24 * HOUR;
}
