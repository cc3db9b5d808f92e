import type { Github, Pull } from '../../clients/github/github.ts';
import { hasFailed } from '../../clients/github/github-error.ts';
import { BRANCHES, modelStatus } from '../../contracts/github.ts';
import { HistoryEntry } from '../../contracts/promotion.ts';
import { ModelName } from '../../contracts/review.ts';
import { escapeMarkdown } from '../../metrics/escape-markdown.ts';
import { type Answer, done, refused, told } from './answer.ts';

export interface OverrideSaid {
  number: number;
  /** Null: the one that is blocked. */
  model: string | null;
  by: string;
  why: string;
}

/** Lets one blocked model of a pull request through: one commit of the App on its branch, that adds one file to the model's
 *  history and names the commit that was blocked. The judge believes it only with the host's word that the App wrote it. */
export async function override(github: Github, said: OverrideSaid, now: Date): Promise<Answer> {
  const pull = await github.pull(said.number);
  const cannot = !pull ? 'This is no pull request.' : whyNot(pull, github.repository);
  if (!pull || cannot) return refused(cannot ?? '');
  const { sha, ref } = pull.head;
  if (await isOverride(github, sha))
    return told(
      `The newest commit, ${sha.slice(0, 12)}, is an override already; its review runs, or has run.`,
    );

  const models = await modelStates(github, sha);
  const blocked = models.filter(({ state }) => state === 'failure').map(({ model }) => model);
  const model = said.model ?? blocked[0];
  const refusal = whyNotModel(models, blocked, said.model);
  if (refusal || model === undefined) return refused(refusal ?? NOTHING);

  const path = `reports/${model}/history/${now.toISOString().replaceAll(/[:.]/g, '-')}-override.json`;
  const entry = HistoryEntry.parse({
    at: now.toISOString(),
    kind: 'override',
    by: said.by,
    from: null,
    to: null,
    why: said.why,
    commit: sha,
    pull_request: said.number,
  });
  const message = `${model}: override of a refused review\n\n${said.by} in #${said.number}: ${said.why}`;
  const content = `${JSON.stringify(entry, null, 2)}\n`;
  try {
    const { commit } = await github.putFile(path, { branch: ref, content, message });
    const parents = (await github.commit(commit))?.parents ?? [];
    if (parents[0] !== sha)
      return refused(
        `The branch moved while this was written (${sha.slice(0, 12)} is no longer its newest commit), so the override lets nothing through. Wait for the new review, and say it again where it is still needed.`,
      );
    return done(written({ ...said, model, commit, sha }));
  } catch (error) {
    if (!hasFailed(error, 'no-right', 'conflict', 'invalid')) throw error;
    return refused(`The host does not take the commit: ${escapeMarkdown(error.message, { longest: 400 })}`);
  }
}

function whyNot({ state, head, author }: Pull, repository: string): string | null {
  if (state !== 'open') return 'This pull request is closed: there is nothing to let through.';
  if (head.repo?.toLowerCase() !== repository.toLowerCase())
    return 'This pull request comes from a fork, and robots write to no fork. Import its branch first: the report above has the commands.';
  if ((BRANCHES as readonly string[]).includes(head.ref))
    return `Its branch is \`${head.ref}\`, which takes no commit of a single file. Say it in the pull request that brings the change there, or in the robots’ own${author.endsWith('[bot]') ? '' : ' (`perennial/candidate`)'}.`;
  return null;
}

const NOTHING = 'Nothing of this pull request is blocked: there is nothing to override.';

function whyNotModel(
  models: { model: string; state: string }[],
  blocked: string[],
  named: string | null,
): string | null {
  if (models.length === 0)
    return 'No model of this commit has been judged yet: wait for its review, then say it again.';
  if (models.some(({ state }) => state === 'pending'))
    return 'The review is still running: wait for its verdict, then say it again.';
  if (named !== null && !models.some(({ model }) => model === named))
    return `This pull request has no model \`${named}\`; it has ${listed(models.map(({ model }) => model))}.`;
  if (blocked.length === 0 && models.some(({ state }) => state === 'error'))
    return 'The judgement itself failed, and that is not for overriding: say `/perennial retrain`.';
  if (blocked.length === 0) return NOTHING;
  if (named !== null && !blocked.includes(named))
    return `\`${named}\` is not blocked: there is nothing to override.`;
  if (blocked.length > 1)
    return `${blocked.length} models are blocked (${listed(blocked)}), and an override lets one through: mend the others first, or take them out of this pull request.`;
  return null;
}

/** As the judge left them. */
async function modelStates(github: Github, sha: string): Promise<{ model: string; state: string }[]> {
  const prefix = modelStatus('');
  return (await github.statuses(sha)).flatMap(({ context, state }) => {
    const model = context.startsWith(prefix) ? context.slice(prefix.length) : '';
    return ModelName.safeParse(model).success ? [{ model, state }] : [];
  });
}

async function isOverride(github: Github, sha: string): Promise<boolean> {
  const commit = await github.commit(sha);
  const [file, ...others] = commit?.files ?? [];
  return others.length === 0 && /^reports\/[^/]+\/history\/[\w.-]+-override\.json$/.test(file ?? '');
}

function written(made: OverrideSaid & { model: string; commit: string; sha: string }): string {
  return [
    `**\`${made.model}\` is overridden** by ${escapeMarkdown(made.by)}: ${escapeMarkdown(made.why, { longest: 500 })}`,
    `Commit ${made.commit.slice(0, 12)} records it in the model's history and lets through ${made.sha.slice(0, 12)}, no other commit: whatever is pushed after it is blocked again if it is worse.`,
    'Next: the review runs for the new commit; its report tells of the override, and `perennial` turns green if nothing else is wrong. The approval of a reviewer is still needed.',
  ].join('\n\n');
}

const listed = (names: string[]) => names.map((name) => `\`${name}\``).join(', ');
