import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Ruleset } from '../../clients/github/github.ts';
import { UsageError } from '../../contracts/errors.ts';
import { readJson } from '../../files.ts';

/** Stands for the App's id in the files: each team has an App of its own. */
const APP_PLACEHOLDER = 0;

const RulesetFile = z.strictObject({
  name: z.string().min(1),
  target: z.literal('branch'),
  enforcement: z.enum(['active', 'disabled', 'evaluate']),
  bypass_actors: z.array(
    z.strictObject({
      actor_id: z.number().int().nullable(),
      actor_type: z.string(),
      bypass_mode: z.string(),
    }),
  ),
  conditions: z.strictObject({
    ref_name: z.strictObject({ include: z.array(z.string()).min(1), exclude: z.array(z.string()) }),
  }),
  rules: z.array(
    z.strictObject({ type: z.string(), parameters: z.record(z.string(), z.unknown()).optional() }),
  ),
});

/** The rulesets of `.github/rulesets/`, in the order of their names. @throws UsageError, CorruptError */
export async function readRulesets(repository: string): Promise<Ruleset[]> {
  const folder = join(repository, '.github', 'rulesets');
  const names = await readdir(folder).catch((): string[] => []);
  const files = names.filter((name) => name.endsWith('.json')).sort();
  if (files.length === 0) {
    throw new UsageError('.github/rulesets/ holds no rulesets', {
      hint: 'restore them: git checkout .github/rulesets',
    });
  }
  const rulesets = await Promise.all(files.map((file) => readJson(join(folder, file), RulesetFile)));
  return rulesets.filter((ruleset) => ruleset !== null);
}

/** The rulesets as one team's repository shall have them.
 *  @param options.automatic the App promotes by itself: it may merge into `master` what nobody approved */
export function rulesetsFor(files: Ruleset[], options: { appId: number; automatic: boolean }): Ruleset[] {
  return files.map((file) => {
    const withApp = JSON.parse(JSON.stringify(file), (key, value) =>
      APP_KEYS.has(key) && value === APP_PLACEHOLDER ? options.appId : value,
    ) as Ruleset;
    if (!options.automatic || !needsApprovalInto(file, 'master')) return withApp;
    const app = { actor_id: options.appId, actor_type: 'Integration', bypass_mode: 'pull_request' };
    return { ...withApp, bypass_actors: [...withApp.bypass_actors, app] };
  });
}

const APP_KEYS = new Set(['actor_id', 'integration_id']);

function needsApprovalInto({ conditions, rules }: Ruleset, branch: string): boolean {
  return (
    conditions.ref_name.include.includes(`refs/heads/${branch}`) &&
    rules.some(({ type }) => type === 'pull_request')
  );
}
