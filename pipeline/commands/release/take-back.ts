import { commitOnto, resolveCommit } from '../../clients/git-objects.ts';
import { pushBranch } from '../../clients/git-remote.ts';
import { recipeName } from '../../clients/recipe.ts';
import { HistoryEntry, Production } from '../../contracts/promotion.ts';
import { escapeMarkdown } from '../../metrics/escape-markdown.ts';
import { modelInputsAt } from '../../model-inputs.ts';
import { REPOSITORY } from '../../workspace.ts';
import type { Desk } from '../etl/desk.ts';
import { runPage } from '../etl/outputs.ts';
import { inReports } from '../etl/robot-files.ts';

export interface TakenBack {
  model: string;
  /** What production.json names, and must not come back by itself. */
  from: Production;
  /** What was released before, as its commit had it. */
  to: Production;
}

export interface TakeBack {
  models: TakenBack[];
  /** Of master. */
  commit: string;
  branch: string;
  by: string;
  /** One sentence, for the history. */
  why: string;
  /** More of it, for the pull request: Markdown. */
  seen?: string;
  at: Date;
}

/** A pull request that takes production.json of models back to what was released before, with one entry of history each,
 *  and touches nothing else. Called again with the same branch it finds its own.
 *  @returns a sentence for the log */
export async function takeBack(desk: Desk, asked: TakeBack): Promise<string> {
  const { github, remote } = desk;
  const { branch } = asked;
  const [owner] = github.repository.split('/');
  const [open] = await github.openPulls({ base: 'master', head: `${owner}:${branch}` });
  if (open) return `#${open.number} takes it back already: ${open.title}`;
  const there = (await desk.heads(branch)).get(branch);
  const commit = await commitOnto(REPOSITORY, {
    base: asked.commit,
    files: await filesOf(asked),
    message: `${titleOf(asked)}\n\n${asked.why}\n`,
    author: desk.author,
    at: asked.at,
  });
  await pushBranch(remote, { branch, commit: commit ?? asked.commit, lease: there ?? null });
  const { number, title } = await github.createPull({ ...textOf(asked), head: branch, base: 'master' });
  return `opened #${number}: ${title}`;
}

async function filesOf({ models, by, why, at }: TakeBack): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const { model, from, to } of models) {
    const entry = HistoryEntry.parse({
      at: at.toISOString(),
      kind: 'rollback',
      by,
      from: from.version,
      to: to.version,
      why,
      barred: { digest: from.digest, recipe: await recipeOfProduction(from) },
    } satisfies HistoryEntry);
    const name = `${entry.at.replaceAll(/[:.]/g, '-')}-rollback-${to.version}.json`;
    files.set(inReports(model, 'production.json'), json(Production.parse(to)));
    files.set(inReports(model, `history/${name}`), json(entry));
  }
  return files;
}

/** What made a version; null where its commit is not here, or cannot be read any more. */
async function recipeOfProduction({ model, commit }: Production): Promise<string | null> {
  const sha = await resolveCommit(REPOSITORY, commit);
  const inputs = sha && (await modelInputsAt(REPOSITORY, sha, model).catch(() => null));
  return inputs ? recipeName(inputs.recipe) : null;
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

function titleOf({ models }: TakeBack): string {
  return `roll back ${models.map(({ model, to }) => `${model} to ${to.version}`).join(', ')}`;
}

function textOf(asked: TakeBack): { title: string; body: string } {
  const page = runPage();
  const listed = asked.models.map(
    ({ model, from, to }) =>
      `- \`${model}\`: ${from.version} → **${to.version}**. ${from.version} is barred until its recipe changes or somebody lifts it.`,
  );
  const body = [
    '<!-- perennial:robot -->',
    `${escapeMarkdown(asked.by)}: ${escapeMarkdown(asked.why, { longest: 1000 })}`,
    listed.join('\n'),
    ...(asked.seen ? [asked.seen] : []),
    'What is served does not change before this is merged and the earlier version is released and verified. Data stay as they are.',
    ...(page ? [`Made by [this run](${page}).`] : []),
  ];
  return { title: titleOf(asked), body: `${body.join('\n\n')}\n` };
}
