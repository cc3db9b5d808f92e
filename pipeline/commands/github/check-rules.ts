import { readParams } from '../../params.ts';
import { examine, type Finding } from '../doctor/finding.ts';
import type { GithubCheck } from './examine-github.ts';
import { foundRulesets, isAutomatic, PLAN_HINT } from './protect-plan.ts';
import { compareRulesets } from './ruleset-difference.ts';
import { readRulesets, rulesetsFor } from './ruleset-files.ts';

/** Are the branch rules in force as the files say? */
export async function checkRules({ github, where }: GithubCheck): Promise<Finding[]> {
  const found = await foundRulesets(github);
  const settings = await github.repositorySettings();
  const { PERENNIAL_APP_ID: appId } = await github.variables();
  return [
    await examine({ home: 'rules', where: '.github/rulesets' }, async () => {
      if (!Array.isArray(found)) {
        return { state: 'wrong' as const, said: `the block is advisory: ${found.advisory}`, hint: PLAN_HINT };
      }
      const params = await readParams(where.repository);
      const files = await readRulesets(where.repository);
      const desired = rulesetsFor(files, { appId: Number(appId ?? 0), automatic: isAutomatic(params) });
      const { differences } = compareRulesets(desired, found);
      // Who may bypass a rule is only told to administrators.
      const isTold = (what: string) => settings.permissions.admin || what !== 'may be bypassed by';
      const told = differences
        .map(({ ruleset, aspects }) => ({ ruleset, aspects: aspects.filter(({ what }) => isTold(what)) }))
        .filter(({ aspects }) => aspects.length > 0);
      if (told.length === 0) return `all ${desired.length} rulesets are in force`;
      const names = told.map(({ ruleset }) => ruleset.name.replace('perennial: ', ''));
      return {
        state: 'wrong' as const,
        said: `the block is advisory: missing or different on GitHub: ${names.join(', ')}`,
        hint: 'npm run github:protect shows the difference, with -- --apply it mends it',
      };
    }),
  ];
}
