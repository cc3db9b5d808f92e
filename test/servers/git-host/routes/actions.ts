import { type Answer, type Call, notFound, nothing, ok, Refusal, type Routes } from '../call.ts';
import * as shapes from '../shapes.ts';
import type { ArtifactState, RunState, WorkflowState } from '../state.ts';
import { sign } from '../storage.ts';

const ROOT = '/repos/{owner}/{repo}/actions';
const READ = [{ actions: 'read' as const }];
const WRITE = [{ actions: 'write' as const }];

export const actionRoutes: Routes = {
  [`GET ${ROOT}/artifacts`]: { needs: READ, answer: (call) => artifacts(call, call.state.artifacts) },
  [`GET ${ROOT}/artifacts/{artifact_id}`]: {
    needs: READ,
    answer: (call) => ok(shapes.artifact(call.state, call.links, artifactOf(call))),
  },
  [`GET ${ROOT}/artifacts/{artifact_id}/{archive_format}`]: { needs: READ, answer: download },
  [`GET ${ROOT}/runs`]: { needs: READ, answer: (call) => runs(call, call.state.runs) },
  [`GET ${ROOT}/runs/{run_id}`]: {
    needs: READ,
    answer: (call) => ok(shapes.run(call.state, call.links, runOf(call))),
  },
  [`GET ${ROOT}/runs/{run_id}/artifacts`]: { needs: READ, answer: runArtifacts },
  [`POST ${ROOT}/runs/{run_id}/rerun`]: { needs: WRITE, answer: rerun },
  [`POST ${ROOT}/runs/{run_id}/rerun-failed-jobs`]: { needs: WRITE, answer: rerun },
  [`POST ${ROOT}/runs/{run_id}/cancel`]: { needs: WRITE, answer: cancel },
  [`GET ${ROOT}/workflows`]: { needs: READ, answer: workflows },
  [`GET ${ROOT}/workflows/{workflow_id}`]: {
    needs: READ,
    answer: (call) => ok(workflowShape(call, workflowOf(call))),
  },
  [`GET ${ROOT}/workflows/{workflow_id}/runs`]: { needs: READ, answer: workflowRuns },
  [`PUT ${ROOT}/workflows/{workflow_id}/enable`]: { needs: WRITE, answer: enable },
  [`POST ${ROOT}/workflows/{workflow_id}/dispatches`]: { needs: WRITE, answer: dispatch },
};

function runArtifacts(call: Call): Answer {
  const run = Number(call.path.run_id);
  return artifacts(
    call,
    call.state.artifacts.filter((one) => one.run === run),
  );
}

function artifacts({ state, links, query }: Call, found: ArtifactState[]): Answer {
  const named = found.filter((one) => query.name === undefined || one.name === query.name);
  return {
    list: [...named].sort((a, b) => b.id - a.id).map((one) => shapes.artifact(state, links, one)),
    wrap: (items, total) => ({ total_count: total, artifacts: items }),
  };
}

/** The bytes lie with a store that takes a signed address and nothing else. */
function download(call: Call): Answer {
  const artifact = artifactOf(call);
  if (call.path.archive_format !== 'zip') throw new Refusal(422, 'Unsupported archive format');
  if (Date.parse(artifact.expiresAt) <= call.state.clock()) throw new Refusal(410, 'Artifact has expired');
  const until = call.state.clock() + 60_000;
  const address = `${call.links.server}/_storage/${artifact.id}?until=${until}&sig=${sign(artifact.id, until)}`;
  return { status: 302, headers: { location: address } };
}

function runs({ state, links, query }: Call, found: RunState[]): Answer {
  const wanted = query.status as string | undefined;
  const list = found
    .filter((one) => query.branch === undefined || one.headBranch === query.branch)
    .filter((one) => query.event === undefined || one.event === query.event)
    .filter((one) => query.head_sha === undefined || one.headSha === query.head_sha)
    .filter((one) => query.actor === undefined || one.actor === query.actor)
    .filter((one) => wanted === undefined || one.status === wanted || one.conclusion === wanted)
    .sort((a, b) => b.id - a.id);
  return {
    list: list.map((one) => shapes.run(state, links, one)),
    wrap: (items, total) => ({ total_count: total, workflow_runs: items }),
  };
}

function workflowRuns(call: Call): Answer {
  const { path } = workflowOf(call);
  return runs(
    call,
    call.state.runs.filter((one) => one.path === path),
  );
}

function rerun(call: Call): Answer {
  const run = runOf(call);
  if (run.status !== 'completed') throw new Refusal(403, 'This workflow is already running');
  run.attempt++;
  run.status = 'queued';
  run.conclusion = null;
  run.updatedAt = call.state.now();
  call.emit('rerun', null, { run_id: run.id, attempt: run.attempt });
  return { status: 201, body: {} };
}

function cancel(call: Call): Answer {
  const run = runOf(call);
  if (run.status === 'completed') throw new Refusal(409, 'Cannot cancel a workflow run that is completed.');
  run.status = 'completed';
  run.conclusion = 'cancelled';
  return { status: 202, body: {} };
}

function workflows(call: Call): Answer {
  return {
    list: call.state.workflows.map((one) => workflowShape(call, one)),
    wrap: (items, total) => ({ total_count: total, workflows: items }),
  };
}

function enable(call: Call): Answer {
  workflowOf(call).state = 'active';
  return nothing();
}

async function dispatch(call: Call): Promise<Answer> {
  const { state, body } = call;
  const workflow = workflowOf(call);
  if (workflow.state !== 'active') throw new Refusal(422, 'Cannot trigger a workflow that is disabled');
  const ref = String(body.ref).replace(/^refs\/heads\//, '');
  const sha = await state.repository.bare.head(ref);
  if (sha === null) throw new Refusal(422, `No ref found for: ${body.ref}`);
  call.emit('workflow_dispatch', null, {
    inputs: body.inputs ?? null,
    ref: `refs/heads/${ref}`,
    workflow: workflow.path,
    repository: shapes.repository(state, call.links),
    sender: shapes.user(state, call.links, state.repository.owner),
  });
  return nothing();
}

function workflowShape({ state, links }: Call, one: WorkflowState) {
  const api = `${links.api}/repos/${state.fullName}/actions/workflows/${one.id}`;
  return {
    id: one.id,
    node_id: `W_${one.id}`,
    name: one.name,
    path: one.path,
    state: one.state,
    url: api,
    html_url: `${links.server}/${state.fullName}/blob/${state.repository.defaultBranch}/${one.path}`,
  };
}

function artifactOf({ state, path }: Call): ArtifactState {
  const found = state.artifacts.find((one) => one.id === Number(path.artifact_id));
  if (!found) throw notFound();
  return found;
}

function runOf({ state, path }: Call): RunState {
  const found = state.runs.find((one) => one.id === Number(path.run_id));
  if (!found) throw notFound();
  return found;
}

/** By its number or by its file's name. */
function workflowOf({ state, path }: Call): WorkflowState {
  const wanted = path.workflow_id;
  const found = state.workflows.find((one) => String(one.id) === wanted || one.path.endsWith(`/${wanted}`));
  if (!found) throw notFound();
  return found;
}
