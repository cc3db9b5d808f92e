import { git } from '../../clients/git.ts';
import { isAncestor } from '../../clients/git-objects.ts';
import { parseDuration } from '../../contracts/duration.ts';
import { UsageError } from '../../contracts/errors.ts';
import { BRANCHES } from '../../contracts/github.ts';
import { escapeMarkdown } from '../../metrics/escape-markdown.ts';
import { REPOSITORY } from '../../workspace.ts';
import type { Environment } from '../environment.ts';
import { type Desk, openDesk } from './desk.ts';
import { mergeWhenAllowed } from './merge-when-allowed.ts';
import { tellWorkflow } from './outputs.ts';

const FROM = 'master';

/** `perennial sync`: what master has gained goes back into `test` and `dev`, by a pull request that merges itself. */
export async function syncCommand(environment: Environment, options: { limit: string }): Promise<void> {
  const limitMs = limitOf(options.limit);
  const desk = await openDesk(environment);
  const heads = await desk.heads(...BRANCHES);
  const master = heads.get(FROM);
  if (!master) throw new UsageError(`${desk.github.repository} has no branch ${FROM}`);
  const end = performance.now() + limitMs;
  const said: string[] = [];
  for (const into of BRANCHES.filter((branch) => branch !== FROM).reverse()) {
    const head = heads.get(into);
    if (!head) said.push(`there is no branch ${into}`);
    else if (await isAncestor(REPOSITORY, master, head)) said.push(`${into} has all of ${FROM}`);
    else {
      const left = Math.max(0, end - performance.now());
      said.push(await bring(environment, desk, { into, head, master, limitMs: left }));
    }
  }
  await tellWorkflow(environment, {}, said.map((sentence) => `- ${sentence}`).join('\n'));
}

async function bring(
  environment: Environment,
  { github }: Desk,
  about: { into: string; head: string; master: string; limitMs: number },
): Promise<string> {
  const { into, head, master, limitMs } = about;
  const conflicts = await conflictsOf(master, head);
  const text = { title: `sync: ${FROM} into ${into}`, body: bodyOf(into, conflicts) };
  const [owner] = github.repository.split('/');
  const [open] = await github.openPulls({ base: into, head: `${owner}:${FROM}` });
  if (open && (open.title !== text.title || open.body.trim() !== text.body.trim()))
    await github.updatePull(open.number, text);
  const { number } = open ?? (await github.createPull({ ...text, head: FROM, base: into }));
  if (conflicts.length > 0)
    return `#${number} conflicts with ${into} in ${conflicts.length} files; it says what to do`;
  const merged = await mergeWhenAllowed(github, number, {
    sha: master,
    limitMs,
    // Only pull requests into `test` are reviewed: for `dev` the host's own rules decide.
    needsStatus: into === 'test',
    title: text.title,
    signal: environment.signal,
  });
  return merged.merged
    ? `merged #${number} into ${into}`
    : `#${number} into ${into} is not merged yet: ${merged.why}`;
}

/** Paths on which a merge would have to be decided by a person. */
async function conflictsOf(master: string, head: string): Promise<string[]> {
  const asked = ['merge-tree', '--write-tree', '--name-only', '--no-messages', head, master];
  const { exitCode, stdout } = await git(REPOSITORY, asked, { accept: [1] });
  return exitCode === 0 ? [] : stdout.trim().split('\n').slice(1);
}

function bodyOf(into: string, conflicts: string[]): string {
  const marker = '<!-- perennial:robot -->';
  if (conflicts.length === 0)
    return `${marker}\n\nWhat \`${FROM}\` has gained since: data, promotions, releases. It is merged by itself once the rules of \`${into}\` allow it.\n`;
  const listed = conflicts.slice(0, 20).map((path) => `- ${escapeMarkdown(path)}`);
  const more = conflicts.length > 20 ? [`- … and ${conflicts.length - 20} more`] : [];
  return [
    marker,
    '',
    `\`${FROM}\` and \`${into}\` have both changed these files:`,
    '',
    ...listed,
    ...more,
    '',
    `Somebody has to decide. On your machine:`,
    '',
    '```',
    `git fetch origin && git switch -c sync-${into} origin/${into}`,
    `git merge origin/${FROM}`,
    `# data.dvc, dvc.lock and reports/: take ${FROM}'s: git checkout --theirs -- data.dvc dvc.lock reports`,
    `git push origin sync-${into}   # and open a pull request into ${into}`,
    '```',
    '',
    `This pull request closes by itself when \`${into}\` has all of \`${FROM}\`.`,
    '',
  ].join('\n');
}

function limitOf(text: string): number {
  try {
    return parseDuration(text);
  } catch (cause) {
    throw new UsageError(`--limit ${text}: expected a number and m or h, such as 30m`, { cause });
  }
}
