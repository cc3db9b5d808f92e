import { type Answer, type Call, created, notFound, nothing, ok, Refusal, type Routes } from '../call.ts';
import { rulesOf } from '../rules.ts';

const ROOT = '/repos/{owner}/{repo}/rulesets';
const READ = [{ metadata: 'read' as const }];
const ADMIN = [{ administration: 'write' as const }];

export const rulesetRoutes: Routes = {
  [`GET ${ROOT}`]: { needs: READ, answer: list },
  [`POST ${ROOT}`]: { needs: ADMIN, answer: make },
  [`GET ${ROOT}/{ruleset_id}`]: { needs: READ, answer: (call) => ok(shape(call, rulesetOf(call))) },
  [`PUT ${ROOT}/{ruleset_id}`]: { needs: ADMIN, answer: change },
  [`DELETE ${ROOT}/{ruleset_id}`]: { needs: ADMIN, answer: remove },
  'GET /repos/{owner}/{repo}/rules/branches/{branch}': { needs: READ, answer: ofBranch },
};

type Ruleset = Call['state']['rulesets'][number];

/** The list leaves out rules, conditions and who may bypass. */
function list(call: Call): Answer {
  planAllows(call);
  return {
    list: call.state.rulesets.map((one) => {
      const { rules, conditions, bypass_actors, ...short } = shape(call, one);
      return short;
    }),
  };
}

function make(call: Call): Answer {
  planAllows(call);
  const { state, body } = call;
  if (state.rulesets.some((one) => one.name === body.name)) {
    throw new Refusal(422, 'Validation Failed', { errors: ['Name must be unique'] });
  }
  const ruleset = {
    target: 'branch',
    bypass_actors: [],
    conditions: { ref_name: { include: [], exclude: [] } },
    rules: [],
    ...body,
    id: state.nextId(),
  } as Ruleset;
  state.rulesets.push(ruleset);
  return created(shape(call, ruleset));
}

function change(call: Call): Answer {
  planAllows(call);
  const ruleset = rulesetOf(call);
  Object.assign(ruleset, call.body, { id: ruleset.id });
  return ok(shape(call, ruleset));
}

function remove(call: Call): Answer {
  const { rulesets } = call.state;
  rulesets.splice(rulesets.indexOf(rulesetOf(call)), 1);
  return nothing();
}

function ofBranch(call: Call): Answer {
  const list = rulesOf(call.state, call.path.branch).map(({ ruleset, ...rule }) => ({
    ...rule,
    ruleset_source_type: 'Repository',
    ruleset_source: call.state.fullName,
    ruleset_id: ruleset.id,
  }));
  return { list };
}

function shape({ state, actor, links }: Call, one: Ruleset) {
  const { bypass_actors, ...shown } = one;
  const role = actor.kind === 'user' ? state.roles.get(actor.login) : null;
  const administers =
    role === 'admin' || (actor.kind === 'installation' && actor.rights.administration === 'write');
  return {
    ...shown,
    source: state.fullName,
    source_type: 'Repository' as const,
    _links: { self: { href: `${links.api}/repos/${state.fullName}/rulesets/${one.id}` } },
    // Only who may change it sees who may pass by it.
    bypass_actors: administers ? bypass_actors : undefined,
  };
}

function planAllows({ state }: Call): void {
  if (state.plan === 'free' && state.repository.private) {
    throw new Refusal(403, 'Upgrade to GitHub Pro or make this repository public to enable this feature.');
  }
}

function rulesetOf({ state, path }: Call): Ruleset {
  const found = state.rulesets.find((one) => one.id === Number(path.ruleset_id));
  if (!found) throw notFound();
  return found;
}
