import { appendFile } from 'node:fs/promises';
import { withoutSecrets } from '../secrets.ts';

/** Adds Markdown to the summary of the workflow's job.
 *  @returns false outside of a workflow: there is none */
export async function addToSummary(markdown: string): Promise<boolean> {
  const file = process.env.GITHUB_STEP_SUMMARY;
  if (file) await appendFile(file, `${withoutSecrets(markdown)}\n\n`);
  return Boolean(file);
}
