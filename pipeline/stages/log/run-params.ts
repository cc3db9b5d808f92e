import type { RunRecord } from '../../contracts/run-record.ts';
import type { BeginningFacts, RunFacts } from './facts.ts';

type Params = RunRecord['params'];

/** What was asked for: every setting of the model's entry with its default; no secret, and nothing that could hold one. */
export function paramsAtStart({ params, urls }: Pick<BeginningFacts, 'params' | 'urls'>): Params {
  const { source, active: _, ...entry } = params;
  const { urls: __, json, key, ...plain } = source;
  return {
    ...flat('', entry),
    ...flat('source', { ...plain, ...(urls.length > 0 && { urls }) }),
    // The values of a query may be secrets.
    ...(json && flat('source.json', { ...json, query: Object.keys(json.query) })),
    ...(key && { 'source.key': `the environment variable ${key.env}` }),
  };
}

/** And what was learnt with. The policy stands among the settings. */
export function paramsAtEnd(facts: RunFacts): Params {
  const { promotion, train, leaderboard, plan } = facts;
  const chosen = leaderboard.candidates.find(({ name }) => name === leaderboard.chosen);
  return {
    ...paramsAtStart(facts),
    candidate: promotion.challenger.name,
    train_end: train.train_end,
    ...flat('model', train.hyperparameters),
    ...flat(`model.${leaderboard.chosen}`, chosen?.settings ?? {}),
    ...Object.fromEntries(
      Object.entries(plan.windows).map(([name, [from, to]]) => [`window.${name}`, `${from} to ${to}`]),
    ),
  };
}

/** `{ a: { b: 1 }, c: [1, 2] }` → `{ 'a.b': 1, c: '1, 2' }` */
function flat(prefix: string, value: Record<string, unknown>): Params {
  const params: Params = {};
  for (const [name, inner] of Object.entries(value)) {
    const key = prefix === '' ? name : `${prefix}.${name}`;
    if (inner === undefined || inner === null) continue;
    if (Array.isArray(inner)) params[key] = inner.join(', ');
    else if (typeof inner === 'object') Object.assign(params, flat(key, inner as Record<string, unknown>));
    else if (typeof inner === 'number' || typeof inner === 'boolean') params[key] = inner;
    else params[key] = String(inner);
  }
  return params;
}
