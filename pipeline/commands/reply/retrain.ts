import type { Github } from '../../clients/github/github.ts';
import { hasFailed } from '../../clients/github/github-error.ts';
import type { Params } from '../../contracts/params.ts';
import { escapeMarkdown } from '../../metrics/escape-markdown.ts';
import { type Answer, done, refused, told } from './answer.ts';

const REVIEW = 'model-review.yml';
const ETL = 'etl.yml';

/** In a pull request: its review again. */
export async function reviewAgain(github: Github, number: number, model: string | null): Promise<Answer> {
  if (model !== null)
    return refused('In a pull request all of its models are reviewed again: say `/perennial retrain` alone.');
  const pull = await github.pull(number);
  if (pull?.state !== 'open')
    return refused('This pull request is closed: there is nothing to review any more.');
  const [run] = await github.workflowRuns(REVIEW, { event: 'pull_request', sha: pull.head.sha });
  if (!run)
    return refused(
      `Commit ${pull.head.sha.slice(0, 12)} has no run of \`${REVIEW}\` that could run again. It reviews pull requests into \`test\` and \`master\`: push a commit, or close and open this one again.`,
    );
  if (run.status !== 'completed') return told(`The review of this commit is running already: ${run.page}`);
  try {
    await github.rerunWorkflow(run.id);
  } catch (error) {
    // The host runs nothing again after a month, and not while another attempt is on its way.
    if (!hasFailed(error, 'no-right', 'invalid', 'conflict', 'expired')) throw error;
    return refused(`The host does not run it again: ${escapeMarkdown(error.message, { longest: 400 })}`);
  }
  return done(`The review of ${pull.head.sha.slice(0, 12)} runs again: ${run.page}`);
}

/** In an issue: data and training run of master, now. */
export async function trainNow(github: Github, params: Params, model: string | null): Promise<Answer> {
  const active = Object.keys(params.models).filter((name) => params.models[name].active);
  if (model !== null && !active.includes(model))
    return refused(`There is no active model \`${model}\`; there is ${listed(active)}.`);
  const { defaultBranch: ref } = await github.repositorySettings();
  const inputs = { ...(model !== null && { model }), train: 'true' };
  await github.dispatchWorkflow(ETL, { ref, inputs });
  return done(
    `Data and training run of ${model === null ? listed(active) : `\`${model}\``} is started: ${github.page}/actions/workflows/${ETL}\n\nWhat is better comes as a pull request.`,
  );
}

const listed = (names: string[]) => names.map((name) => `\`${name}\``).join(', ') || 'none';
