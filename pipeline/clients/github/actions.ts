import { z } from 'zod';
import type { Ask } from './ask.ts';
import type { Artifact, Github, WorkflowRun } from './github.ts';
import { GithubError } from './github-error.ts';

const ACTIONS = '/repos/{owner}/{repo}/actions';

const ArtifactAnswer = z
  .object({
    id: z.number(),
    name: z.string(),
    size_in_bytes: z.number(),
    expired: z.boolean(),
    created_at: z.string().nullish(),
    expires_at: z.string().nullish(),
    workflow_run: z.object({ head_sha: z.string().nullish() }).nullish(),
  })
  .transform(
    ({ id, name, size_in_bytes, expired, created_at, expires_at, workflow_run }): Artifact => ({
      id,
      name,
      bytes: size_in_bytes,
      expired,
      createdAt: created_at ?? null,
      expiresAt: expires_at ?? null,
      headSha: workflow_run?.head_sha ?? null,
    }),
  );

const RunAnswer = z
  .object({
    id: z.number(),
    name: z.string().nullish(),
    event: z.string(),
    status: z.string().nullish(),
    conclusion: z.string().nullish(),
    head_branch: z.string().nullish(),
    head_sha: z.string(),
    created_at: z.string(),
    html_url: z.string(),
  })
  .transform(
    (run): WorkflowRun => ({
      id: run.id,
      name: run.name ?? '',
      event: run.event,
      status: run.status ?? 'unknown',
      conclusion: run.conclusion ?? null,
      headBranch: run.head_branch ?? null,
      headSha: run.head_sha,
      createdAt: run.created_at,
      page: run.html_url,
    }),
  );

type Actions = Pick<
  Github,
  | 'runArtifacts'
  | 'downloadArtifact'
  | 'workflowRuns'
  | 'workflowRun'
  | 'rerunWorkflow'
  | 'dispatchWorkflow'
  | 'workflows'
  | 'enableWorkflow'
>;

export function actions(ask: Ask): Actions {
  return {
    runArtifacts: (run_id) =>
      ask.pages(
        {
          route: `GET ${ACTIONS}/runs/{run_id}/artifacts`,
          params: { run_id },
          about: `artifacts of run ${run_id}`,
        },
        ArtifactAnswer,
        'artifacts',
      ),

    async downloadArtifact(artifact_id, { maxBytes }) {
      const about = `artifact ${artifact_id}`;
      const { status, headers } = await ask.answer({
        route: `GET ${ACTIONS}/artifacts/{artifact_id}/{archive_format}`,
        params: { artifact_id, archive_format: 'zip' },
        about,
      });
      const to = String(headers.location ?? '');
      if (status === 302 && /^https?:\/\//.test(to)) return ask.file(to, { maxBytes, about });
      throw new GithubError('invalid', `${about}: answered ${status}, expected the address of its file`, {
        status,
      });
    },

    // The newest hundred: whoever asks for more asks for years.
    async workflowRuns(workflow_id, { sha, ...filter } = {}) {
      const answer = await ask.orNull(
        {
          route: `GET ${ACTIONS}/workflows/{workflow_id}/runs`,
          params: { workflow_id, per_page: 100, ...filter, ...(sha && { head_sha: sha }) },
          about: `runs of ${workflow_id}`,
        },
        z.object({ workflow_runs: z.array(RunAnswer) }),
      );
      return answer?.workflow_runs ?? [];
    },
    workflowRun: (run_id) =>
      ask.orNull(
        { route: `GET ${ACTIONS}/runs/{run_id}`, params: { run_id }, about: `run ${run_id}` },
        RunAnswer,
      ),
    async rerunWorkflow(run_id) {
      const about = `starting run ${run_id} again`;
      await ask({ route: `POST ${ACTIONS}/runs/{run_id}/rerun`, params: { run_id }, about }, z.unknown());
    },
    async dispatchWorkflow(workflow_id, { ref, inputs }) {
      const route = `POST ${ACTIONS}/workflows/{workflow_id}/dispatches`;
      const params = { workflow_id, ref, ...(inputs && { inputs }) };
      await ask({ route, params, about: `starting ${workflow_id} on ${ref}` }, z.unknown());
    },
    workflows: () =>
      ask.pages(
        { route: `GET ${ACTIONS}/workflows`, about: 'workflows' },
        z
          .object({ id: z.number(), path: z.string(), state: z.string() })
          .transform(({ id, path, state }) => ({ id, path, state })),
        'workflows',
      ),
    async enableWorkflow(workflow_id) {
      const route = `PUT ${ACTIONS}/workflows/{workflow_id}/enable`;
      await ask({ route, params: { workflow_id }, about: `enabling workflow ${workflow_id}` }, z.unknown());
    },
  };
}
