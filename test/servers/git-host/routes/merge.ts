import { type Answer, type Call, ok, Refusal } from '../call.ts';
import { pullPayload } from '../follow-refs.ts';
import { mergeViolations } from '../rules.ts';
import { loginOf, type PullState } from '../state.ts';

/** Merges in the bare repository, as far as rules, settings and the pinned commit allow it. */
export async function merge(call: Call, pull: PullState): Promise<Answer> {
  const { state, body, actor } = call;
  const { bare } = state.repository;
  const method = (body?.merge_method ?? 'merge') as 'merge' | 'squash' | 'rebase';
  if (pull.state === 'closed') throw new Refusal(405, 'Pull Request is not mergeable');
  if (pull.draft) throw new Refusal(405, 'Pull Request is still a draft');
  if (body?.sha !== undefined && body.sha !== pull.head.sha) {
    throw new Refusal(409, 'Head branch was modified. Review and try the merge again.');
  }
  const names = { merge: 'Merge commits', squash: 'Squash merges', rebase: 'Rebase merges' };
  const allowed = {
    merge: state.settings.allow_merge_commit,
    squash: state.settings.allow_squash_merge,
    rebase: false,
  };
  if (!allowed[method]) throw new Refusal(405, `${names[method]} are not allowed on this repository.`);
  const violations = await mergeViolations(state, actor, pull, method);
  if (violations.length > 0)
    throw new Refusal(405, `Repository rule violations found\n\n${violations.join('\n\n')}\n\n`);

  const base = await bare.head(pull.base.ref);
  const tree = base && (await bare.mergedTree(base, pull.head.sha));
  if (!base || !tree) throw new Refusal(405, 'Pull Request is not mergeable');
  const login = loginOf(actor) ?? 'ghost';
  const author = { name: login, email: `${state.account(login).id}+${login}@users.noreply.github.com` };
  const sha = await bare.commitTree(
    tree,
    method === 'merge' ? [base, pull.head.sha] : [base],
    messageOf(call, pull, method),
    author,
  );
  if (!(await bare.move(`refs/heads/${pull.base.ref}`, sha, base))) {
    throw new Refusal(409, 'Base branch was modified. Review and try the merge again.');
  }
  pull.state = 'closed';
  pull.mergedAt = state.now();
  pull.closedAt = pull.mergedAt;
  pull.mergeCommit = sha;
  const ours = pull.head.repo === state.fullName;
  if (ours && state.settings.delete_branch_on_merge) await bare.remove(`refs/heads/${pull.head.ref}`);
  call.emit('pull_request', 'closed', pullPayload(state, call.links, pull, 'closed', actor));
  await call.refsMoved();
  return ok({ sha, merged: true, message: 'Pull Request successfully merged' });
}

function messageOf({ body }: Call, pull: PullState, method: string): string {
  const from = `${pull.head.repo.split('/')[0]}/${pull.head.ref}`;
  const title =
    body?.commit_title ??
    (method === 'merge'
      ? `Merge pull request #${pull.number} from ${from}`
      : `${pull.title} (#${pull.number})`);
  const text = body?.commit_message ?? (method === 'merge' ? pull.title : (pull.body ?? ''));
  return text === '' ? title : `${title}\n\n${text}`;
}
