import { appendFile } from 'node:fs/promises';
import { setOutput } from '@actions/core';
import { withoutSecrets } from '../../secrets.ts';
import type { Environment } from '../environment.ts';

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
  const file = process.env.GITHUB_STEP_SUMMARY;
  if (file) await appendFile(file, `${withoutSecrets(summary)}\n\n`);
  else environment.console.say(summary);
}
