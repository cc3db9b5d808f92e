import { z } from 'zod';
import type { Ask } from './ask.ts';
import type { Github } from './github.ts';

const REPOSITORY = '/repos/{owner}/{repo}';
const Named = z.object({ name: z.string() });

type Repository = Pick<
  Github,
  | 'repositorySettings'
  | 'updateRepository'
  | 'secretNames'
  | 'variables'
  | 'environments'
  | 'environmentBranches'
  | 'environmentSecretNames'
>;

export function repository(ask: Ask): Repository {
  return {
    async repositorySettings() {
      const answer = await ask({ route: `GET ${REPOSITORY}`, about: 'the repository' }, SettingsAnswer);
      return {
        defaultBranch: answer.default_branch,
        private: answer.private,
        allowMergeCommit: answer.allow_merge_commit,
        allowSquashMerge: answer.allow_squash_merge,
        allowAutoMerge: answer.allow_auto_merge,
        ownerType: answer.owner.type === 'Organization' ? 'Organization' : 'User',
        permissions: answer.permissions,
      };
    },
    async updateRepository(change) {
      const asked = { route: `PATCH ${REPOSITORY}`, params: change, about: 'settings of the repository' };
      await ask(asked, z.unknown());
    },
    async secretNames() {
      const asked = { route: `GET ${REPOSITORY}/actions/secrets`, about: 'names of secrets' };
      return (await ask.pages(asked, Named, 'secrets')).map(({ name }) => name);
    },
    async variables() {
      // More than 30 a page are refused.
      const asked = {
        route: `GET ${REPOSITORY}/actions/variables`,
        params: { per_page: 30 },
        about: 'variables',
      };
      const all = await ask.pages(asked, Named.extend({ value: z.string() }), 'variables');
      return Object.fromEntries(all.map(({ name, value }) => [name, value]));
    },
    async environments() {
      const asked = { route: `GET ${REPOSITORY}/environments`, about: 'environments' };
      const all = await ask.pages(asked, EnvironmentAnswer, 'environments');
      return all.map(({ name, deployment_branch_policy: policy }) => ({
        name,
        branches: !policy ? 'all' : policy.protected_branches ? 'protected' : 'custom',
      }));
    },
    async environmentBranches(environment_name) {
      const asked = {
        route: `GET ${REPOSITORY}/environments/{environment_name}/deployment-branch-policies`,
        params: { environment_name },
        about: `branches of environment ${environment_name}`,
      };
      return (await ask.pages(asked, Named, 'branch_policies')).map(({ name }) => name);
    },
    async environmentSecretNames(environment_name) {
      const asked = {
        route: `GET ${REPOSITORY}/environments/{environment_name}/secrets`,
        params: { environment_name },
        about: `names of secrets of environment ${environment_name}`,
      };
      return (await ask.pages(asked, Named, 'secrets')).map(({ name }) => name);
    },
  };
}

const SettingsAnswer = z.object({
  default_branch: z.string(),
  private: z.boolean(),
  // Told only to who may see the settings; these are the host's defaults.
  allow_merge_commit: z.boolean().default(true),
  allow_squash_merge: z.boolean().default(true),
  allow_auto_merge: z.boolean().default(false),
  owner: z.object({ type: z.string() }),
  permissions: z
    .object({
      admin: z.boolean().default(false),
      push: z.boolean().default(false),
      pull: z.boolean().default(false),
    })
    .default({ admin: false, push: false, pull: false }),
});

const EnvironmentAnswer = z.object({
  name: z.string(),
  deployment_branch_policy: z.object({ protected_branches: z.boolean() }).nullish(),
});
