import { setOutput } from '@actions/core';
import type { Environment } from '../environment.ts';
import { addToSummary } from '../job-summary.ts';

/** Tells the workflow's next jobs, and its reader: outputs of the step, and a part of the job's summary. Outside of a
 *  workflow both go to the terminal. */
export async function tellWorkflow(
  environment: Environment,
  outputs: Record<string, string>,
  summary: string,
): Promise<void> {
  for (const [name, value] of Object.entries(outputs)) {
    if (process.env.GITHUB_OUTPUT) setOutput(name, value);
    else environment.console.say(`${name}=${value}`);
  }
  if (!(await addToSummary(summary))) environment.console.say(summary);
}

/** Page of this workflow's run; null outside of one. */
export function runPage(env: NodeJS.ProcessEnv = process.env): string | null {
  if (!env.GITHUB_RUN_ID || !env.GITHUB_REPOSITORY) return null;
  return `${env.GITHUB_SERVER_URL ?? 'https://github.com'}/${env.GITHUB_REPOSITORY}/actions/runs/${env.GITHUB_RUN_ID}`;
}
