import { markdownTable } from 'markdown-table';
import { fetchRefs, gitUrl, pushBranch } from '../../clients/git-remote.ts';
import type { Github, Ruleset } from '../../clients/github/github.ts';
import { githubAt } from '../../clients/github/github-at.ts';
import { PerennialError } from '../../contracts/errors.ts';
import { readSettings } from '../../home-settings/settings.ts';
import { readParams } from '../../params.ts';
import { withhold } from '../../secrets.ts';
import { REPOSITORY } from '../../workspace.ts';
import type { Environment } from '../environment.ts';
import { readPerson } from './actors.ts';
import {
  appIdOf,
  needsAdmin,
  PLAN_HINT,
  type ProtectPlan,
  planProtection,
  planRows,
} from './protect-plan.ts';
import { readRulesets } from './ruleset-files.ts';

export interface ProtectOptions {
  apply?: boolean;
  json?: boolean;
}

/** `perennial github-protect`: how GitHub differs from `.github/rulesets/`, and with `--apply` makes it the same.
 *  @throws UsageError, GithubError; PerennialError where GitHub took less than it was given */
export async function protectCommand(
  environment: Environment,
  options: ProtectOptions,
  where: { repository: string; env: NodeJS.ProcessEnv } = { repository: REPOSITORY, env: process.env },
): Promise<void> {
  const { console, signal } = environment;
  const [files, params] = [await readRulesets(where.repository), await readParams(where.repository)];
  const home = await readPerson(where);
  const github = githubAt(home, { signal, withhold });
  if (home.as.kind === 'nobody') throw needsAdmin(github.repository);
  const { PERENNIAL_APP_ID: told } = await readSettings(where.env, where.repository);
  const appId = appIdOf(told ?? (await github.variables()).PERENNIAL_APP_ID);
  const look = () => planProtection(github, { files, params, appId });
  const plan = await look();
  const makeBranch = (branch: string) =>
    branchFromMaster(branch, { github, where, url: gitUrl(home), signal });
  if (options.apply) await apply(plan, { github, makeBranch });
  const left = options.apply ? planRows(await look()) : [];
  if (options.json) console.print(JSON.stringify(asJson(plan, options), null, 2));
  else console.print(asText(plan, { repository: github.repository, apply: options.apply ?? false }));
  if (left.length > 0) {
    const what = left.map(({ where, what }) => `${where}: ${what}`).join('; ');
    throw new PerennialError(`GitHub took not all of it; still different: ${what}`, {
      hint: 'look at Settings → Rules of the repository, and start it again',
    });
  }
}

/** Branches before their rules: a rule may forbid to make one. */
async function apply(
  plan: ProtectPlan,
  { github, makeBranch }: { github: Github; makeBranch: (branch: string) => Promise<void> },
): Promise<void> {
  if (Object.keys(plan.methods).length > 0) await github.updateRepository(plan.methods);
  for (const branch of plan.missingBranches) await makeBranch(branch);
  for (const { ruleset, id, aspects } of plan.rulesets) {
    if (aspects.length > 0) await put(github, ruleset, id);
  }
}

const put = (github: Github, ruleset: Ruleset, id: number | null) =>
  id === null ? github.createRuleset(ruleset) : github.updateRuleset(id, ruleset);

async function branchFromMaster(
  branch: string,
  {
    github,
    where,
    url,
    signal,
  }: { github: Github; where: { repository: string }; url: string; signal: AbortSignal },
): Promise<void> {
  const master = await github.branch('master');
  if (!master) return;
  const remote = { root: where.repository, url, token: await github.gitToken(), signal };
  await fetchRefs(remote, [master.sha]);
  await pushBranch(remote, { branch, commit: master.sha, lease: null });
}

function asText(plan: ProtectPlan, { repository, apply }: { repository: string; apply: boolean }): string {
  const rows = planRows(plan);
  const table = rows.map(({ where, what, onGithub, here }) => [where, what, onGithub, here]);
  const nothing = plan.advisory === null ? `✓ ${repository} is as .github/rulesets/ says` : '';
  return [
    rows.length > 0 ? markdownTable([['where', 'what', 'on GitHub', 'here'], ...table]) : nothing,
    rows.length === 0
      ? ''
      : apply
        ? '✓ Done: GitHub is as the right column says'
        : '→ Nothing was changed; --apply makes it so',
    ...(plan.advisory === null
      ? []
      : [
          `! The block is advisory: ${plan.advisory}. Whoever may write can merge what is red.`,
          `→ ${PLAN_HINT}`,
        ]),
    ...(plan.others.length > 0 ? [`· Other rulesets, left alone: ${plan.others.join(', ')}`] : []),
  ]
    .filter((line) => line !== '')
    .join('\n');
}

function asJson(plan: ProtectPlan, { apply }: ProtectOptions) {
  const differences = planRows(plan);
  return {
    same: differences.length === 0 && plan.advisory === null,
    applied: (apply ?? false) && differences.length > 0,
    advisory: plan.advisory,
    differences,
    others: plan.others,
  };
}
