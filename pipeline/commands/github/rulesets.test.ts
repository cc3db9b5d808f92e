import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Ruleset } from '../../clients/github/github.ts';
import { BRANCHES } from '../../contracts/github.ts';
import { REPOSITORY } from '../../workspace.ts';
import { compareRulesets } from './ruleset-difference.ts';
import { readRulesets, rulesetsFor } from './ruleset-files.ts';

const APP = 4711;
let files: Ruleset[];
beforeAll(async () => {
  files = await readRulesets(REPOSITORY);
});

const of = (rulesets: Ruleset[], branch: string, kind: string) => {
  const found = rulesets.find(({ name }) => name === `perennial: ${branch} ${kind}`);
  if (!found) throw new Error(`no ruleset of ${branch} ${kind}`);
  return found;
};
const ruleOf = (ruleset: Ruleset, type: string) => ruleset.rules.find((rule) => rule.type === type);

describe('the files', () => {
  test('are two a branch, and what GitHub describes as a ruleset', () => {
    expect(files.map(({ name }) => name).sort()).toEqual(
      BRANCHES.flatMap((branch) => [`perennial: ${branch} approval`, `perennial: ${branch} checks`]).sort(),
    );
    const isRuleset = validator();
    for (const ruleset of [...files, ...rulesetsFor(files, { appId: APP, automatic: true })]) {
      expect(isRuleset(ruleset), `${ruleset.name}: ${JSON.stringify(isRuleset.errors)}`).toBe(true);
    }
  });

  test('a misspelt parameter or rule is found by that description', () => {
    const isRuleset = validator();
    const [ruleset] = files;
    expect(isRuleset({ ...ruleset, rules: [{ type: 'non_fast_forwards' }] })).toBe(false);
    expect(isRuleset({ ...ruleset, enforcement: 'on' })).toBe(false);
    const rule = { type: 'pull_request', parameters: { required_approving_review_count: 1 } };
    expect(isRuleset({ ...ruleset, rules: [rule] })).toBe(false);
  });

  test('nobody bypasses the checks; nothing is deleted or forced', () => {
    for (const branch of BRANCHES) {
      const checks = of(files, branch, 'checks');
      expect(checks.bypass_actors).toEqual([]);
      expect(ruleOf(checks, 'deletion')).toBeDefined();
      expect(ruleOf(checks, 'non_fast_forward')).toBeDefined();
      expect(checks.conditions.ref_name).toEqual({ include: [`refs/heads/${branch}`], exclude: [] });
    }
  });

  test('the status `perennial` counts only where the App set it', () => {
    const filled = rulesetsFor(files, { appId: APP, automatic: false });
    const required = (branch: string) =>
      ruleOf(of(filled, branch, 'checks'), 'required_status_checks')?.parameters?.required_status_checks;
    const both = [{ context: 'checks' }, { context: 'perennial', integration_id: APP }];
    expect(required('master')).toEqual(both);
    expect(required('test')).toEqual(both);
    expect(required('dev')).toEqual([{ context: 'checks' }]);
    expect(JSON.stringify(filled)).not.toMatch(/"(actor_id|integration_id)":0/);
  });

  test('approvals into test and master; the App passes them on master in auto mode alone', () => {
    const bypass = (branch: string, automatic: boolean) =>
      of(rulesetsFor(files, { appId: APP, automatic }), branch, 'approval').bypass_actors;
    const app = { actor_id: APP, actor_type: 'Integration', bypass_mode: 'pull_request' };
    expect(bypass('master', false)).toEqual([]);
    expect(bypass('master', true)).toEqual([app]);
    for (const automatic of [true, false]) {
      expect(bypass('test', automatic)).toEqual([app]);
      expect(bypass('dev', automatic)).toEqual([app]);
    }
    const asked = (branch: string) => ruleOf(of(files, branch, 'approval'), 'pull_request')?.parameters;
    expect(asked('dev')).toMatchObject({
      required_approving_review_count: 0,
      allowed_merge_methods: ['squash', 'merge'],
    });
    for (const branch of ['test', 'master']) {
      expect(asked(branch)).toMatchObject({
        required_approving_review_count: 1,
        allowed_merge_methods: ['merge'],
      });
    }
  });
});

describe('the difference', () => {
  /** As GitHub gives one back: with an id, links, parameters nobody set, in another order. */
  const asGiven = (ruleset: Ruleset, id: number): Ruleset =>
    ({
      ...structuredClone(ruleset),
      id,
      source: 'acme/cases',
      source_type: 'Repository',
      current_user_can_bypass: 'never',
      rules: structuredClone(ruleset.rules)
        .reverse()
        .map((rule) =>
          rule.type === 'pull_request'
            ? { ...rule, parameters: { ...rule.parameters, required_reviewers: [] } }
            : rule,
        ),
    }) as Ruleset;
  const desired = () => rulesetsFor(files, { appId: APP, automatic: false });

  test('none where GitHub only says more, in another order', () => {
    const found = desired().map(asGiven).reverse();
    const { differences, others } = compareRulesets(desired(), found);
    expect(differences.flatMap(({ aspects }) => aspects)).toEqual([]);
    expect(differences.map(({ id }) => id).sort()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(others).toEqual([]);
  });

  test('a missing ruleset, and others that are left alone', () => {
    const other = { ...desired()[0], name: 'no secrets' };
    const { differences, others } = compareRulesets(desired(), [other]);
    expect(differences).toHaveLength(6);
    expect(differences[0]).toMatchObject({
      id: null,
      aspects: [{ what: 'ruleset', onGithub: 'none', here: 'active' }],
    });
    expect(others).toEqual(['no secrets']);
  });

  test.each<[string, (ruleset: Ruleset) => void, object]>([
    [
      'master checks',
      (ruleset) => {
        ruleset.enforcement = 'disabled';
      },
      { what: 'in force', onGithub: 'disabled', here: 'active' },
    ],
    [
      'test checks',
      (ruleset) => {
        ruleset.bypass_actors = [{ actor_id: 5, actor_type: 'RepositoryRole', bypass_mode: 'always' }];
      },
      { what: 'may be bypassed by', onGithub: 'RepositoryRole 5 (always)', here: 'no' },
    ],
    [
      'test checks',
      (ruleset) => {
        const rule = ruleOf(ruleset, 'required_status_checks');
        Object.assign(rule?.parameters ?? {}, { required_status_checks: [{ context: 'perennial' }] });
      },
      {
        what: 'checks: required',
        onGithub: 'perennial (by anybody)',
        here: `checks (by anybody), perennial (by App ${APP})`,
      },
    ],
    [
      'master approval',
      (ruleset) => {
        Object.assign(ruleset.rules[0].parameters ?? {}, { required_approving_review_count: 0 });
      },
      { what: 'by pull request only: approvals', onGithub: '0', here: '1' },
    ],
    [
      'dev checks',
      (ruleset) => {
        ruleset.rules = ruleset.rules.filter(({ type }) => type !== 'deletion');
      },
      { what: 'no deletion', onGithub: 'none', here: 'yes' },
    ],
    [
      'dev checks',
      (ruleset) => {
        ruleset.rules.push({ type: 'required_signatures' });
      },
      { what: 'required signatures', onGithub: 'yes', here: 'none' },
    ],
    [
      'dev checks',
      (ruleset) => {
        ruleset.conditions.ref_name.exclude = ['refs/heads/dev'];
      },
      {
        what: 'applies to',
        onGithub: 'branch refs/heads/dev without refs/heads/dev',
        here: 'branch refs/heads/dev',
      },
    ],
  ])('%s: a change by hand is told in words', (name, change, aspect) => {
    const found = desired().map(asGiven);
    const changed = found.find((ruleset) => ruleset.name === `perennial: ${name}`);
    if (!changed) throw new Error(name);
    change(changed);
    const { differences } = compareRulesets(desired(), found);
    const told = differences.filter(({ aspects }) => aspects.length > 0);
    expect(told).toHaveLength(1);
    expect(told[0].aspects).toEqual([aspect]);
    expect(told[0].id).toBe(changed.id);
  });
});

/** GitHub's own description of what its API takes for a ruleset. */
function validator() {
  // The package's index reads the descriptions of every edition, 400 MB.
  const { paths, components } = createRequire(import.meta.url)(
    '@octokit/openapi/generated/api.github.com.json',
  );
  const body = paths['/repos/{owner}/{repo}/rulesets'].post.requestBody.content['application/json'].schema;
  return new Ajv({ strict: false, validateFormats: false }).compile({ ...body, components });
}
