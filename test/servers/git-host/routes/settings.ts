import { type Answer, type Call, created, notFound, nothing, ok, Refusal, type Routes } from '../call.ts';
import * as shapes from '../shapes.ts';
import { type EnvironmentState, loginOf } from '../state.ts';

const ROOT = '/repos/{owner}/{repo}';
const ENVIRONMENT = `${ROOT}/environments/{environment_name}`;

export const settingRoutes: Routes = {
  [`GET ${ROOT}`]: { needs: [{ metadata: 'read' }], answer: (call) => ok(repository(call)) },
  [`PATCH ${ROOT}`]: { needs: [{ administration: 'write' }], answer: change },
  [`GET ${ROOT}/collaborators/{username}/permission`]: { needs: [{ metadata: 'read' }], answer: permission },
  [`GET ${ROOT}/actions/secrets`]: {
    needs: [{ secrets: 'read' }],
    answer: ({ state }) => names(state.now(), [...state.secrets]),
  },
  [`GET ${ROOT}/actions/variables`]: {
    needs: [{ actions_variables: 'read' }],
    answer: ({ state }) => values(state.now(), Object.fromEntries(state.variables)),
  },
  [`POST ${ROOT}/actions/variables`]: { needs: [{ actions_variables: 'write' }], answer: addVariable },
  [`PATCH ${ROOT}/actions/variables/{name}`]: {
    needs: [{ actions_variables: 'write' }],
    answer: setVariable,
  },
  [`GET ${ROOT}/environments`]: { needs: [{ actions: 'read' }], answer: environments },
  [`PUT ${ENVIRONMENT}`]: { needs: [{ administration: 'write' }], answer: makeEnvironment },
  [`GET ${ENVIRONMENT}/deployment-branch-policies`]: { needs: [{ actions: 'read' }], answer: policies },
  [`POST ${ENVIRONMENT}/deployment-branch-policies`]: {
    needs: [{ administration: 'write' }],
    answer: addPolicy,
  },
  [`GET ${ENVIRONMENT}/secrets`]: {
    needs: [{ environments: 'read' }],
    answer: (call) => names(call.state.now(), environmentOf(call).secrets),
  },
  [`GET ${ENVIRONMENT}/variables`]: {
    needs: [{ environments: 'read' }],
    answer: (call) => values(call.state.now(), environmentOf(call).variables),
  },
  'GET /user': { needs: [], answer: me },
  'GET /rate_limit': { needs: [], answer: () => ok({}) },
};

function repository(call: Call) {
  const { state, actor, links } = call;
  const role = actor.kind === 'user' ? (state.roles.get(actor.login) ?? 'none') : 'none';
  const pushes =
    ['admin', 'maintain', 'write'].includes(role) ||
    (actor.kind === 'installation' && actor.rights.contents === 'write');
  const permissions = {
    admin: role === 'admin',
    maintain: role === 'admin' || role === 'maintain',
    push: pushes,
    triage: pushes,
    pull: true,
  };
  return { ...shapes.repository(state, links), permissions };
}

function change(call: Call): Answer {
  const { state, body } = call;
  for (const name of Object.keys(state.settings) as (keyof typeof state.settings)[]) {
    if (body[name] !== undefined) state.settings[name] = body[name];
  }
  return ok(repository(call));
}

function permission({ state, links, path }: Call): Answer {
  const role = state.roles.get(path.username) ?? (state.repository.private ? 'none' : 'read');
  // GitHub's old word for maintain is write, for triage read.
  const old = { maintain: 'write', triage: 'read' }[role as string] ?? role;
  return ok({
    permission: old,
    role_name: role,
    user: { ...shapes.user(state, links, path.username), role_name: role },
  });
}

function addVariable({ state, body }: Call): Answer {
  state.variables.set(body.name, body.value);
  return created({});
}

function setVariable({ state, body, path }: Call): Answer {
  if (!state.variables.has(path.name)) throw notFound();
  state.variables.set(body.name ?? path.name, body.value);
  return nothing();
}

function environments({ state }: Call): Answer {
  const list = [...state.environments].map(([name, one]) => environmentShape(state.now(), name, one));
  return { list, wrap: (items, total) => ({ total_count: total, environments: items }) };
}

const environmentShape = (now: string, name: string, { branches }: EnvironmentState) => ({
  id: name.length,
  name,
  created_at: now,
  updated_at: now,
  protection_rules: branches === 'all' ? [] : [{ id: 1, node_id: 'GA_1', type: 'branch_policy' }],
  deployment_branch_policy:
    branches === 'all'
      ? null
      : { protected_branches: branches === 'protected', custom_branch_policies: branches === 'custom' },
});

function makeEnvironment({ state, body, path }: Call): Answer {
  const policy = body?.deployment_branch_policy;
  const branches = !policy ? 'all' : policy.protected_branches ? 'protected' : 'custom';
  const there = state.environments.get(path.environment_name);
  const one = { policies: [], secrets: [], variables: {}, ...there, branches } as EnvironmentState;
  state.environments.set(path.environment_name, one);
  return ok(environmentShape(state.now(), path.environment_name, one));
}

function policies(call: Call): Answer {
  const list = environmentOf(call).policies.map((name, i) => ({ id: i + 1, name, type: 'branch' }));
  return { list, wrap: (items, total) => ({ total_count: total, branch_policies: items }) };
}

function addPolicy(call: Call): Answer {
  const one = environmentOf(call);
  one.policies.push(call.body.name);
  return ok({ id: one.policies.length, name: call.body.name, type: 'branch' });
}

function me({ state, actor, links }: Call): Answer {
  const login = loginOf(actor);
  // An App's installation is no user.
  if (actor.kind !== 'user' || login === null) {
    throw actor.kind === 'nobody'
      ? new Refusal(401, 'Requires authentication')
      : new Refusal(403, 'Resource not accessible by integration');
  }
  return ok(shapes.user(state, links, login));
}

const names = (now: string, list: string[]): Answer => ({
  list: list.map((name) => ({ name, created_at: now, updated_at: now })),
  wrap: (items, total) => ({ total_count: total, secrets: items }),
});

const values = (now: string, of: Record<string, string>): Answer => ({
  list: Object.entries(of).map(([name, value]) => ({ name, value, created_at: now, updated_at: now })),
  wrap: (items, total) => ({ total_count: total, variables: items }),
});

function environmentOf({ state, path }: Call): EnvironmentState {
  const found = state.environments.get(path.environment_name);
  if (!found) throw notFound();
  return found;
}
