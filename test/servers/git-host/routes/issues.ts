import { type Answer, type Call, created, invalid, notFound, nothing, ok, type Routes } from '../call.ts';
import * as shapes from '../shapes.ts';
import { type CommentState, type IssueState, loginOf, type PullState, type Rights } from '../state.ts';

const ROOT = '/repos/{owner}/{repo}/issues';
const EITHER = (level: 'read' | 'write'): Rights[] => [{ issues: level }, { pull_requests: level }];
/** GitHub's limit on a body. */
const LONGEST = 65_536;

export const issueRoutes: Routes = {
  [`GET ${ROOT}`]: { needs: [{ issues: 'read' }], answer: list },
  [`POST ${ROOT}`]: { needs: [{ issues: 'write' }], answer: open },
  [`GET ${ROOT}/{issue_number}`]: { needs: EITHER('read'), answer: (call) => ok(shape(call, issueOf(call))) },
  [`PATCH ${ROOT}/{issue_number}`]: { needs: EITHER('write'), answer: change },
  [`GET ${ROOT}/{issue_number}/comments`]: { needs: EITHER('read'), answer: comments },
  [`POST ${ROOT}/{issue_number}/comments`]: { needs: EITHER('write'), answer: say },
  [`POST ${ROOT}/{issue_number}/labels`]: { needs: EITHER('write'), answer: addLabels },
  [`GET ${ROOT}/comments/{comment_id}`]: {
    needs: EITHER('read'),
    answer: (call) => ok(shapes.comment(call.state, call.links, commentOf(call))),
  },
  [`PATCH ${ROOT}/comments/{comment_id}`]: { needs: EITHER('write'), answer: edit },
  [`DELETE ${ROOT}/comments/{comment_id}`]: { needs: EITHER('write'), answer: unsay },
  [`POST ${ROOT}/comments/{comment_id}/reactions`]: { needs: EITHER('write'), answer: react },
  'GET /repos/{owner}/{repo}/labels': {
    needs: [{ issues: 'read' }],
    answer: ({ state, links }) => ({
      list: [...state.labels].map((name) => shapes.label(links, state, name)),
    }),
  },
  'POST /repos/{owner}/{repo}/labels': { needs: [{ issues: 'write' }], answer: makeLabel },
};

function list({ state, query, links }: Call): Answer {
  const wanted = (query.state as string) ?? 'open';
  const labels = query.labels === undefined ? [] : String(query.labels).split(',');
  const found = [...state.issues, ...state.pulls]
    .filter((one) => wanted === 'all' || one.state === wanted)
    .filter((one) => labels.every((label) => one.labels.includes(label)))
    .filter((one) => query.creator === undefined || one.author === query.creator)
    .sort((a, b) => b.number - a.number);
  return { list: found.map((one) => shapes.issue(state, links, one)) };
}

function open(call: Call): Answer {
  const { state, body } = call;
  checkLength(body.body);
  const labels = ((body.labels ?? []) as (string | { name: string })[]).map((one) =>
    typeof one === 'string' ? one : one.name,
  );
  const issue: IssueState = {
    number: state.nextNumber(),
    title: String(body.title),
    body: body.body ?? null,
    state: 'open',
    author: loginOf(call.actor) ?? 'ghost',
    labels,
    createdAt: state.now(),
    updatedAt: state.now(),
    closedAt: null,
  };
  for (const label of labels) state.labels.add(label);
  state.issues.push(issue);
  call.emit('issues', 'opened', { action: 'opened', ...around(call), issue: shape(call, issue) });
  return created(shape(call, issue));
}

function change(call: Call): Answer {
  const { state, body } = call;
  const issue = issueOf(call);
  checkLength(body.body);
  if (body.title !== undefined && body.title !== null) issue.title = String(body.title);
  if (body.body !== undefined) issue.body = body.body;
  if (body.labels !== undefined)
    issue.labels = body.labels.map((one: string | { name: string }) =>
      typeof one === 'string' ? one : one.name,
    );
  issue.updatedAt = state.now();
  if (body.state !== undefined && body.state !== issue.state) {
    issue.state = body.state;
    issue.closedAt = body.state === 'closed' ? state.now() : null;
    call.emit('issues', body.state === 'closed' ? 'closed' : 'reopened', {
      ...around(call),
      issue: shape(call, issue),
    });
  }
  return ok(shape(call, issue));
}

function comments(call: Call): Answer {
  const { number } = issueOf(call);
  const { state, links, query } = call;
  const since = query.since === undefined ? 0 : Date.parse(String(query.since));
  const found = state.comments.filter((one) => one.issue === number && Date.parse(one.updatedAt) >= since);
  return { list: found.map((one) => shapes.comment(state, links, one)) };
}

function say(call: Call): Answer {
  const { state, body, actor, links } = call;
  const issue = issueOf(call);
  checkLength(body.body);
  const comment: CommentState = {
    id: state.nextId(),
    issue: issue.number,
    author: loginOf(actor) ?? 'ghost',
    app: actor.kind === 'installation' ? actor.app : null,
    body: body.body,
    createdAt: state.now(),
    updatedAt: state.now(),
    reactions: [],
  };
  state.comments.push(comment);
  call.emit('issue_comment', 'created', commentPayload(call, issue, comment));
  return created(shapes.comment(state, links, comment));
}

export function commentPayload(
  call: Pick<Call, 'state' | 'links' | 'actor'>,
  issue: IssueState | PullState,
  comment: CommentState,
) {
  return {
    action: 'created',
    ...around(call),
    issue: shapes.issue(call.state, call.links, issue),
    comment: { ...shapes.comment(call.state, call.links, comment), performed_via_github_app: null },
  };
}

function edit(call: Call): Answer {
  const comment = commentOf(call);
  checkLength(call.body.body);
  comment.body = call.body.body;
  comment.updatedAt = call.state.now();
  return ok(shapes.comment(call.state, call.links, comment));
}

function unsay(call: Call): Answer {
  const { comments } = call.state;
  comments.splice(comments.indexOf(commentOf(call)), 1);
  return nothing();
}

function react(call: Call): Answer {
  const { state, body, links } = call;
  const comment = commentOf(call);
  const author = loginOf(call.actor) ?? 'ghost';
  const known = comment.reactions.find((one) => one.content === body.content && one.author === author);
  const reaction = known ?? { id: state.nextId(), content: body.content, author };
  if (!known) comment.reactions.push(reaction);
  const shown = {
    id: reaction.id,
    content: reaction.content,
    user: shapes.user(state, links, author),
    created_at: state.now(),
  };
  return known ? ok(shown) : created(shown);
}

function addLabels(call: Call): Answer {
  const { state, links, body } = call;
  const issue = issueOf(call);
  const names = (Array.isArray(body) ? body : (body.labels ?? [])).map((one: string | { name: string }) =>
    typeof one === 'string' ? one : one.name,
  );
  for (const name of names) {
    state.labels.add(name);
    if (!issue.labels.includes(name)) issue.labels.push(name);
  }
  return ok(issue.labels.map((name) => shapes.label(links, state, name)));
}

function makeLabel({ state, links, body }: Call): Answer {
  if (state.labels.has(body.name)) throw invalid('Label', 'name', 'already_exists');
  state.labels.add(body.name);
  return created(shapes.label(links, state, body.name));
}

function checkLength(body: unknown): void {
  if (typeof body === 'string' && [...body].length > LONGEST) {
    throw invalid('IssueComment', 'body', `body is too long (maximum is ${LONGEST} characters)`);
  }
}

const shape = (call: Call, issue: IssueState | PullState) => shapes.issue(call.state, call.links, issue);

const around = ({ state, links, actor }: Pick<Call, 'state' | 'links' | 'actor'>) => ({
  repository: shapes.repository(state, links),
  sender: shapes.user(state, links, loginOf(actor) ?? 'ghost'),
});

function issueOf({ state, path }: Call): IssueState | PullState {
  const number = Number(path.issue_number);
  const found =
    state.issues.find((one) => one.number === number) ?? state.pulls.find((one) => one.number === number);
  if (!found) throw notFound();
  return found;
}

function commentOf({ state, path }: Call): CommentState {
  const found = state.comments.find((one) => one.id === Number(path.comment_id));
  if (!found) throw notFound();
  return found;
}
