import { type Answer, type Call, created, invalid, notFound, ok, type Routes } from '../call.ts';
import * as shapes from '../shapes.ts';
import { loginOf } from '../state.ts';

const COMMIT = '/repos/{owner}/{repo}/commits/{ref}';

export const statusRoutes: Routes = {
  'POST /repos/{owner}/{repo}/statuses/{sha}': { needs: [{ statuses: 'write' }], answer: set },
  [`GET ${COMMIT}/statuses`]: { needs: [{ statuses: 'read' }], answer: list },
  [`GET ${COMMIT}/status`]: { needs: [{ statuses: 'read' }], answer: combined },
  [`GET ${COMMIT}/check-runs`]: { needs: [{ checks: 'read' }], answer: checks },
};

async function set(call: Call): Promise<Answer> {
  const { state, body, actor, links, path } = call;
  const sha = await state.repository.bare.commitOf(path.sha);
  if (sha === null || sha !== path.sha)
    throw invalid('Status', 'sha', `No commit found for SHA: ${path.sha}`);
  if ((body.description?.length ?? 0) > 140)
    throw invalid('Status', 'description', 'description is too long (maximum is 140 characters)');
  const status = {
    id: state.nextId(),
    sha,
    context: body.context ?? 'default',
    state: body.state,
    description: body.description ?? null,
    target: body.target_url ?? null,
    author: loginOf(actor) ?? 'ghost',
    app: actor.kind === 'installation' ? actor.app.id : null,
    at: state.now(),
  };
  state.statuses.push(status);
  call.emit('status', null, {
    sha,
    state: status.state,
    context: status.context,
    description: status.description,
  });
  return created(shapes.status(state, links, status));
}

async function list(call: Call): Promise<Answer> {
  const sha = await commitOf(call);
  return { list: call.state.statusesOf(sha).map((one) => shapes.status(call.state, call.links, one)) };
}

async function combined(call: Call): Promise<Answer> {
  const { state, links } = call;
  const sha = await commitOf(call);
  const newest = [
    ...new Map(
      state
        .statusesOf(sha)
        .reverse()
        .map((one) => [one.context, one]),
    ).values(),
  ];
  const worst = newest.some((one) => one.state === 'failure' || one.state === 'error')
    ? 'failure'
    : newest.length === 0 || newest.some((one) => one.state === 'pending')
      ? 'pending'
      : 'success';
  return ok({
    sha,
    state: worst,
    total_count: newest.length,
    statuses: newest.map((one) => shapes.status(state, links, one)),
    repository: shapes.repository(state, links),
  });
}

async function checks(call: Call): Promise<Answer> {
  const sha = await commitOf(call);
  const found = call.state.checks.filter((one) => one.sha === sha);
  return {
    list: found.map((one) => ({
      id: one.id,
      name: one.name,
      head_sha: one.sha,
      status: one.conclusion === null ? 'in_progress' : 'completed',
      conclusion: one.conclusion,
      started_at: one.at,
      completed_at: one.conclusion === null ? null : one.at,
    })),
    wrap: (items, total) => ({ total_count: total, check_runs: items }),
  };
}

async function commitOf({ state, path }: Call): Promise<string> {
  const { bare } = state.repository;
  const sha = (await bare.head(path.ref)) ?? (await bare.commitOf(path.ref));
  if (sha === null) throw notFound();
  return sha;
}
