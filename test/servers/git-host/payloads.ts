import type { Links } from './call.ts';
import { webhook } from './description.ts';
import { fill } from './fill.ts';
import { pullPayload, pushPayload } from './follow-refs.ts';
import * as shapes from './shapes.ts';
import type { Actor, RunState, State } from './state.ts';
import { faultsOf } from './validate.ts';

type Payload = Record<string, unknown>;

/** Payloads of events as workflows get them (`GITHUB_EVENT_PATH`, `act -e`), in GitHub's whole shape. */
export class Payloads {
  constructor(
    private readonly state: State,
    private readonly links: Links,
  ) {}

  pullRequest(number: number, action = 'opened', who = this.state.repository.owner): Payload {
    const pull = this.state.pulls.find((one) => one.number === number);
    if (!pull) throw new Error(`no pull request ${number}`);
    return whole('pull_request', pullPayload(this.state, this.links, pull, action, person(who)));
  }

  async push(branch: string, from: string, to: string, who = this.state.repository.owner): Promise<Payload> {
    const update = { ref: `refs/heads/${branch}`, from, to, actor: person(who) };
    return whole('push', await pushPayload(this.state, this.links, update));
  }

  /** For a fork's run GitHub leaves `pull_requests` empty, and for all others it is no more than a hint. */
  workflowRun(run: RunState, action: 'requested' | 'in_progress' | 'completed' = 'completed'): Payload {
    const { state, links } = this;
    const shown = shapes.run(state, links, run);
    const workflow = { id: shown.workflow_id, name: run.name, path: run.path, state: 'active' };
    return whole('workflow_run', { action, workflow_run: shown, workflow, ...this.#around(run.actor) });
  }

  /** @param comment number of a comment that is there */
  issueComment(comment: number, action: 'created' | 'edited' = 'created'): Payload {
    const { state, links } = this;
    const said = state.comments.find((one) => one.id === comment);
    const issue = said && [...state.issues, ...state.pulls].find((one) => one.number === said.issue);
    if (!said || !issue) throw new Error(`no comment ${comment}`);
    return whole('issue_comment', {
      action,
      issue: shapes.issue(state, links, issue),
      comment: { ...shapes.comment(state, links, said), performed_via_github_app: null },
      ...(action === 'edited' && { changes: {} }),
      ...this.#around(said.author),
    });
  }

  workflowDispatch(
    file: string,
    inputs: Record<string, string> = {},
    ref = `refs/heads/${this.state.repository.defaultBranch}`,
  ): Payload {
    const about = { inputs, ref, workflow: `.github/workflows/${file}` };
    return whole('workflow_dispatch', { ...about, ...this.#around(this.state.repository.owner) });
  }

  /** GitHub describes this one nowhere: the repository, and the line of `cron` that it is for. */
  schedule(cron: string): Payload {
    return { schedule: cron, ...this.#around(this.state.repository.owner) };
  }

  #around(login: string): Payload {
    const { state, links } = this;
    return { repository: shapes.repository(state, links), sender: shapes.user(state, links, login) };
  }
}

const person = (login: string): Actor => ({ kind: 'user', login, expires: null, scopes: [] });

/** @throws Error if it is not what GitHub's description says */
function whole(name: string, payload: Payload): Payload {
  const described = [name, payload.action].filter(Boolean).join('-').replaceAll('_', '-');
  const schema = webhook(described);
  const filled = fill(schema, payload) as Payload;
  const faults = faultsOf(schema, filled);
  if (faults.length > 0)
    throw new Error(`the stand-in's payload of ${name} is not GitHub's: ${faults.join('; ')}`);
  return filled;
}
