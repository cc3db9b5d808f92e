import type { Github } from '../../clients/github/github.ts';
import { runPage } from '../etl/outputs.ts';

export const RELEASE_LABEL = 'perennial-release';
const MARKER = '<!-- perennial:release-failed -->';
/** GitHub takes 65,536 characters. */
const LONGEST = 60_000;

/** One open issue for releases that failed and that no earlier version mends. @returns a sentence for the log */
export async function tellFailure(
  github: Github,
  { commit, seen }: { commit: string; seen: string },
): Promise<string> {
  const page = runPage();
  const body = [
    MARKER,
    `The release of ${commit} failed its verification. What was served before is served on.`,
    seen.slice(0, LONGEST),
    ...(page ? [`[This run](${page}) tells more.`] : []),
    'No production.json can be taken back for it: the models are those of the last release, or there is none. Mend the code; this issue closes by itself with the next release.',
  ].join('\n\n');
  const title = 'A release failed its verification';
  const open = await ourIssue(github);
  if (!open)
    return `opened issue #${(await github.createIssue({ title, body, labels: [RELEASE_LABEL] })).number}`;
  await github.updateIssue(open.number, { title, body });
  return `issue #${open.number} rewritten`;
}

export async function closeReleaseIssues(github: Github, tag: string): Promise<void> {
  const open = await ourIssue(github);
  if (!open) return;
  await github.createComment(open.number, `${tag} is released. Closed by itself.`);
  await github.updateIssue(open.number, { state: 'closed' });
}

async function ourIssue(github: Github) {
  const [issues, login] = [await github.openIssues({ labels: [RELEASE_LABEL] }), await github.login()];
  return issues.find(({ author, body }) => author === login && body.startsWith(MARKER)) ?? null;
}
