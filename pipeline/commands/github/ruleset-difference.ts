import type { Ruleset } from '../../clients/github/github.ts';

/** What is to be done about one ruleset. */
export interface RulesetDifference {
  ruleset: Ruleset;
  /** Of the one on GitHub; null: there is none. */
  id: number | null;
  /** Empty: nothing to do. */
  aspects: Aspect[];
}

/** One thing that a ruleset says, in words. */
export interface Aspect {
  what: string;
  onGithub: string;
  here: string;
}

/** Finds each desired ruleset by its name and compares what both say.
 *  @returns the differences in the order of `desired`, and the names of rulesets that are none of ours */
export function compareRulesets(
  desired: Ruleset[],
  found: Ruleset[],
): { differences: RulesetDifference[]; others: string[] } {
  const names = new Set(desired.map(({ name }) => name));
  return {
    differences: desired.map((ruleset) => {
      const there = found.find(({ name }) => name === ruleset.name);
      return {
        ruleset,
        id: there?.id ?? null,
        aspects: there ? difference(ruleset, there) : [{ what: 'ruleset', onGithub: 'none', here: 'active' }],
      };
    }),
    others: found.filter(({ name }) => !names.has(name)).map(({ name }) => name),
  };
}

function difference(desired: Ruleset, there: Ruleset): Aspect[] {
  const here = said(desired);
  const onGithub = said(there);
  return [...new Set([...here.keys(), ...onGithub.keys()])].flatMap((what) => {
    const [ours, theirs] = [here.get(what), onGithub.get(what)];
    // GitHub fills in what was not said: what is off is as good as not there.
    if (ours === theirs || (isOff(ours) && isOff(theirs))) return [];
    return [{ what, onGithub: theirs ?? 'none', here: ours ?? 'none' }];
  });
}

const OFF = 'no';
const isOff = (words: string | undefined) => words === undefined || words === OFF;

/** Everything that a ruleset says, in words; equal maps are equal rules. */
function said({ enforcement, conditions, bypass_actors, rules, target }: Ruleset): Map<string, string> {
  const { include, exclude } = conditions.ref_name;
  return new Map([
    ['in force', enforcement],
    ['applies to', `${target} ${list(include)}${exclude.length > 0 ? ` without ${list(exclude)}` : ''}`],
    [
      'may be bypassed by',
      list(bypass_actors.map((actor) => `${actorName(actor)} (${actor.bypass_mode.replaceAll('_', ' ')})`)),
    ],
    ...rules.flatMap(ruleSays),
  ]);
}

function ruleSays({ type, parameters = {} }: Ruleset['rules'][number]): [string, string][] {
  const name = RULES[type] ?? type.replaceAll('_', ' ');
  return [
    [name, 'yes'],
    ...Object.entries(parameters).map(([parameter, value]): [string, string] => [
      `${name}: ${PARAMETERS[parameter] ?? parameter.replaceAll('_', ' ')}`,
      words(value),
    ]),
  ];
}

const RULES: Record<string, string> = {
  deletion: 'no deletion',
  non_fast_forward: 'no force push',
  required_status_checks: 'checks',
  pull_request: 'by pull request only',
};

const PARAMETERS: Record<string, string> = {
  strict_required_status_checks_policy: 'on the newest base',
  do_not_enforce_on_create: 'not for a new branch',
  required_status_checks: 'required',
  allowed_merge_methods: 'merged by',
  required_approving_review_count: 'approvals',
  dismiss_stale_reviews_on_push: 'a push takes approvals back',
  require_code_owner_review: 'code owners approve',
  require_last_push_approval: 'somebody else than the last pusher approves',
  required_review_thread_resolution: 'conversations are resolved',
};

function words(value: unknown): string {
  if (value === true) return 'yes';
  if (value === false || value === null || value === undefined) return OFF;
  if (Array.isArray(value)) return value.length === 0 ? OFF : list(value.map(words));
  if (typeof value !== 'object') return String(value);
  const { context, integration_id: app, ...more } = value as Record<string, unknown>;
  if (typeof context !== 'string' || Object.keys(more).length > 0) return JSON.stringify(value);
  return app === undefined || app === null ? `${context} (by anybody)` : `${context} (by App ${app})`;
}

function actorName({ actor_id, actor_type }: Ruleset['bypass_actors'][number]): string {
  return `${actor_type === 'Integration' ? 'App' : actor_type}${actor_id === null ? '' : ` ${actor_id}`}`;
}

/** GitHub does not keep the order. */
const list = (values: string[]) => [...values].sort().join(', ') || OFF;
