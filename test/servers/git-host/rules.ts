import type { Ruleset } from '../../../pipeline/clients/github/github.ts';
import { type Actor, loginOf, type PullState, type State } from './state.ts';

interface Rule {
  type: string;
  parameters?: Record<string, unknown>;
  ruleset: Ruleset & { id: number };
}

export interface Update {
  ref: string;
  /** Zeroes: it is new, or it goes. */
  from: string;
  to: string;
  /** Whether the new commit has the old one behind it. */
  forward: boolean;
}

const ZERO = /^0+$/;

/** Active rules of a branch. */
export function rulesOf(state: State, branch: string): Rule[] {
  return state.rulesets
    .filter(
      (ruleset) =>
        ruleset.enforcement === 'active' && ruleset.target === 'branch' && meets(state, ruleset, branch),
    )
    .flatMap((ruleset) => ruleset.rules.map((rule) => ({ ...rule, ruleset })));
}

/** Why a push is refused, one line each; empty: it may. */
export function pushViolations(state: State, actor: Actor, updates: Update[]): string[] {
  return updates
    .filter(({ ref }) => ref.startsWith('refs/heads/'))
    .flatMap((update) =>
      rulesOf(state, update.ref.slice('refs/heads/'.length))
        .filter((rule) => !bypasses(state, actor, rule.ruleset, 'push'))
        .map((rule) => pushViolation(state, rule, update))
        .filter((line): line is string => line !== null)
        .map((line) => `Repository rule violations found for ${update.ref}.\n\n- ${line}\n`),
    );
}

function pushViolation(state: State, rule: Rule, { from, to, forward }: Update): string | null {
  const isNew = ZERO.test(from);
  const goes = ZERO.test(to);
  switch (rule.type) {
    case 'deletion':
      return goes ? 'Cannot delete this branch' : null;
    case 'non_fast_forward':
      return forward ? null : 'Cannot force-push to this branch';
    case 'creation':
      return isNew ? 'Cannot create ref due to creations being restricted.' : null;
    case 'update':
      return isNew || goes ? null : 'Cannot update this protected ref.';
    case 'pull_request':
      return isNew || goes ? null : 'Changes must be made through a pull request.';
    case 'required_status_checks':
      return isNew || goes ? null : (missingChecks(state, rule, to)[0] ?? null);
    default:
      return null;
  }
}

export const OUT_OF_DATE = 'The head branch does not hold the newest commit of the base branch.';

/** Why a pull request cannot be merged by an actor, one line each; empty: it can. */
export async function mergeViolations(
  state: State,
  actor: Actor | null,
  pull: PullState,
  method: string | null,
): Promise<string[]> {
  const { bare } = state.repository;
  const base = await bare.head(pull.base.ref);
  const isBehind = base !== null && !(await bare.isAncestor(base, pull.head.sha));
  return rulesOf(state, pull.base.ref)
    .filter((rule) => !(actor && bypasses(state, actor, rule.ruleset, 'pull_request')))
    .flatMap((rule) => {
      switch (rule.type) {
        case 'required_status_checks':
          return [
            ...missingChecks(state, rule, pull.head.sha),
            ...(isBehind && rule.parameters?.strict_required_status_checks_policy ? [OUT_OF_DATE] : []),
          ];
        case 'pull_request':
          return [...missingReviews(state, rule, pull), ...wrongMethod(rule, method)];
        case 'required_linear_history':
          return method === 'merge' ? ['This branch must not contain merge commits.'] : [];
        case 'update':
          return ['Cannot update this protected ref.'];
        default:
          return [];
      }
    });
}

function missingChecks(state: State, rule: Rule, sha: string): string[] {
  const wanted = (rule.parameters?.required_status_checks ?? []) as {
    context: string;
    integration_id?: number | null;
  }[];
  return wanted.flatMap(({ context, integration_id: app }) => {
    const found = resultOf(state, sha, context, app ?? null);
    if (found === 'success') return [];
    return [
      found === null || found === 'pending'
        ? `Required status check "${context}" is expected.`
        : `Required status check "${context}" is failing.`,
    ];
  });
}

/** The newest word on a commit under that name, by that App where one is asked for. */
function resultOf(state: State, sha: string, context: string, app: number | null): string | null {
  const newest = [
    ...state.statuses
      .filter((one) => one.sha === sha && one.context === context)
      .map((one) => ({ ...one, result: one.state as string })),
    ...state.checks
      .filter((one) => one.sha === sha && one.name === context)
      .map((one) => ({ ...one, result: one.conclusion ?? 'pending' })),
  ]
    .filter((one) => app === null || one.app === app)
    .sort((a, b) => b.id - a.id)[0];
  return newest
    ? newest.result === 'skipped' || newest.result === 'neutral'
      ? 'success'
      : newest.result
    : null;
}

function missingReviews(state: State, rule: Rule, pull: PullState): string[] {
  const { required_approving_review_count: count = 0, dismiss_stale_reviews_on_push: stale = false } =
    rule.parameters ?? {};
  const last = new Map<string, { state: string; sha: string }>();
  for (const review of state.reviews.filter((one) => one.pull === pull.number && one.state !== 'COMMENTED')) {
    last.set(review.author, review);
  }
  const mayApprove = (login: string) =>
    ['admin', 'maintain', 'write'].includes(state.roles.get(login) ?? 'none');
  const counted = [...last]
    .filter(([author]) => author !== pull.author && mayApprove(author))
    .map(([, review]) => review);
  if (counted.some((review) => review.state === 'CHANGES_REQUESTED')) return ['Changes have been requested.'];
  const approvals = counted.filter(
    (review) => review.state === 'APPROVED' && (!stale || review.sha === pull.head.sha),
  ).length;
  return approvals >= (count as number)
    ? []
    : [`At least ${count} approving review is required by reviewers with write access.`];
}

function wrongMethod(rule: Rule, method: string | null): string[] {
  const allowed = rule.parameters?.allowed_merge_methods as string[] | undefined;
  if (!allowed || method === null || allowed.includes(method)) return [];
  return [`Merge method "${method}" is not allowed; allowed: ${allowed.join(', ')}.`];
}

function bypasses(state: State, actor: Actor, ruleset: Ruleset, by: 'push' | 'pull_request'): boolean {
  return ruleset.bypass_actors.some((one) => {
    if (one.bypass_mode !== 'always' && by === 'push') return false;
    if (one.actor_type === 'Integration')
      return actor.kind === 'installation' && actor.app.id === one.actor_id;
    const role = state.roles.get(loginOf(actor) ?? '') ?? 'none';
    if (one.actor_type === 'OrganizationAdmin') return role === 'admin';
    // GitHub's numbers of its own roles: maintain, write, admin.
    if (one.actor_type === 'RepositoryRole')
      return role === { 2: 'maintain', 4: 'write', 5: 'admin' }[one.actor_id ?? 0];
    return false;
  });
}

function meets(state: State, ruleset: Ruleset, branch: string): boolean {
  const { include, exclude } = ruleset.conditions.ref_name;
  const fits = (pattern: string) => {
    if (pattern === '~ALL') return true;
    if (pattern === '~DEFAULT_BRANCH') return branch === state.repository.defaultBranch;
    const text = pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*\*\/?/g, '\0')
      .replace(/\*/g, '[^/]*')
      .replaceAll('\0', '.*');
    return new RegExp(`^${text}$`).test(`refs/heads/${branch}`);
  };
  return include.some(fits) && !exclude.some(fits);
}
