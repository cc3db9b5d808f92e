import type { Github, Ruleset } from '../../clients/github/github.ts';
import { hasFailed } from '../../clients/github/github-error.ts';
import { UsageError } from '../../contracts/errors.ts';
import { BRANCHES } from '../../contracts/github.ts';
import type { Params } from '../../contracts/params.ts';
import { type Aspect, compareRulesets, type RulesetDifference } from './ruleset-difference.ts';
import { rulesetsFor } from './ruleset-files.ts';

/** How a repository on GitHub differs from what its files say. */
export interface ProtectPlan {
  /** Branches that are to be made from `master`. */
  missingBranches: string[];
  /** Merge methods that are to be allowed. */
  methods: { allow_merge_commit?: true; allow_squash_merge?: true };
  rulesets: RulesetDifference[];
  /** Rulesets of others: left alone. */
  others: string[];
  /** Null: rules can be had. Else why not: then the block is advisory. */
  advisory: string | null;
}

/** Looks, and changes nothing. @throws UsageError, GithubError */
export async function planProtection(
  github: Github,
  { files, params, appId }: { files: Ruleset[]; params: Params; appId: number },
): Promise<ProtectPlan> {
  const settings = await github.repositorySettings();
  if (!settings.permissions.admin) throw needsAdmin(github.repository);
  if (settings.defaultBranch !== 'master') {
    throw new UsageError(
      `the default branch of ${github.repository} is ${settings.defaultBranch}; workflows that hold a key run from the default branch, and it has to be master`,
      { hint: 'Settings → General → Default branch → master' },
    );
  }
  const missingBranches: string[] = [];
  for (const branch of BRANCHES) if (!(await github.branch(branch))) missingBranches.push(branch);
  if (missingBranches.includes('master')) {
    throw new UsageError(`${github.repository} has no branch master yet`, { hint: 'git push origin master' });
  }
  const desired = rulesetsFor(files, { appId, automatic: isAutomatic(params) });
  const found = await foundRulesets(github);
  const { differences, others } = compareRulesets(desired, Array.isArray(found) ? found : []);
  return {
    missingBranches,
    methods: {
      ...(!settings.allowMergeCommit && { allow_merge_commit: true }),
      ...(!settings.allowSquashMerge && { allow_squash_merge: true }),
    },
    rulesets: Array.isArray(found) ? differences : [],
    others,
    advisory: Array.isArray(found) ? null : found.advisory,
  };
}

/** One row for each thing that differs. */
export function planRows(plan: ProtectPlan): (Aspect & { where: string })[] {
  const yes = (what: string) => ({ where: 'repository', what, onGithub: 'no', here: 'yes' });
  return [
    ...plan.missingBranches.map((branch) => ({
      where: `branch ${branch}`,
      what: 'branch',
      onGithub: 'none',
      here: 'from master',
    })),
    ...(plan.methods.allow_merge_commit ? [yes('merge commits allowed')] : []),
    ...(plan.methods.allow_squash_merge ? [yes('squash allowed')] : []),
    ...plan.rulesets.flatMap(({ ruleset, aspects }) =>
      aspects.map((aspect) => ({ where: ruleset.name, ...aspect })),
    ),
  ];
}

/** @returns the rulesets, or why the plan of GitHub has none */
export async function foundRulesets(github: Github): Promise<Ruleset[] | { advisory: string }> {
  try {
    return await github.rulesets();
  } catch (error) {
    if (!hasFailed(error, 'no-right') || !isAboutThePlan(error.message)) throw error;
    return { advisory: "GitHub's plan has no branch rules for a private repository" };
  }
}

/** What to do where the plan has no rules. */
export const PLAN_HINT = 'make the repository public, or take GitHub Pro, Team or Enterprise';

/** GitHub's words: "Upgrade to GitHub Pro or make this repository public to enable this feature." */
const isAboutThePlan = (message: string) => /upgrade to github|make this repository public/i.test(message);

/** The App promotes by itself where any model may. */
export function isAutomatic({ promotion, models }: Params): boolean {
  return Object.values(models).some(
    (model) => model.active && (model.promotion.mode ?? promotion.mode) === 'auto',
  );
}

export function needsAdmin(repository: string): UsageError {
  return new UsageError(`the rules of ${repository} can only be seen and changed by an administrator`, {
    hint: 'set GITHUB_TOKEN to a token of one: fine-grained with "Administration: read and write", or classic with the scope "repo"',
  });
}

export function needsToken(repository: string): UsageError {
  return new UsageError(`nobody may look at the settings of ${repository} without a token`, {
    hint: 'GITHUB_TOKEN=$(gh auth token), or a fine-grained token of your own',
  });
}

/** @throws UsageError */
export function appIdOf(told: string | undefined): number {
  if (told && /^[1-9]\d{0,14}$/.test(told.trim())) return Number(told);
  if (told) {
    throw new UsageError('PERENNIAL_APP_ID is not a number', { hint: 'it stands on the page of the App' });
  }
  throw new UsageError('there is no PERENNIAL_APP_ID: the status `perennial` must be bound to your App', {
    hint: 'make the App: npm run init -- --app',
  });
}
