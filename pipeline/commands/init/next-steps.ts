import { ROBOTS, WORKFLOW_SETTINGS, type WorkflowSetting } from '../github/workflow-settings.ts';
import type { Answers } from './answers.ts';
import { settingsOf } from './edit-env.ts';

type Chosen = Pick<Answers, 'homes' | 'storage'>;

/** What the workflows need for these homes, in GitHub's secrets and variables. */
export function neededOnGithub({ homes, storage }: Chosen): WorkflowSetting[] {
  const kinds = new Set<WorkflowSetting['of']>([homes.kind]);
  if (storage.kind === 'remote') {
    const [, scheme] = /^(\w+):/.exec(storage.url) ?? [];
    kinds.add('remote');
    kinds.add(scheme === 's3' ? 's3' : scheme === 'azure' ? 'azure' : 'https');
  }
  return WORKFLOW_SETTINGS.filter((setting) => kinds.has(setting.of));
}

/** Secrets that a laptop needs in `.env` too. */
export function secretsForEnv(chosen: Chosen): string[] {
  const known = settingsOf(chosen);
  return neededOnGithub(chosen).flatMap(({ name }) => (name in known ? [] : [name]));
}

/** Lines for a shell: what nobody but a person can put there. No value of a secret is in them: `gh` asks for it. */
export function ghLines(repository: string, chosen: Chosen): string[] {
  const known = settingsOf(chosen);
  return neededOnGithub(chosen).map(({ name, kind, optional }) => {
    const value = known[name] ? ` --body ${shellQuoted(known[name])}` : '';
    const note = optional ? '   # where it asks for one' : '';
    return `gh ${kind} set ${name} --repo ${repository}${value}${note}`;
  });
}

/** Lines that make the robots' environment and put the App's key and numbers where the workflows look for them. */
export function appLines(
  repository: string,
  app: { id: number; keyFile: string; installation: number | null },
): string[] {
  const environment = `repos/${repository}/environments/${ROBOTS.environment}`;
  const custom = 'deployment_branch_policy[custom_branch_policies]=true';
  const policy = `-F 'deployment_branch_policy[protected_branches]=false' -F '${custom}'`;
  const variable = (name: string, value: number | string) =>
    `gh variable set ${name} --repo ${repository} --body ${value}`;
  return [
    `gh api --method PUT ${environment} ${policy}`,
    ...ROBOTS.branches.map(
      (branch) => `gh api --method POST ${environment}/deployment-branch-policies -f name=${branch}`,
    ),
    `gh secret set PERENNIAL_APP_PRIVATE_KEY --env ${ROBOTS.environment} --repo ${repository} < ${app.keyFile}`,
    variable('PERENNIAL_APP_ID', app.id),
    variable('PERENNIAL_APP_INSTALLATION', app.installation ?? "'<number of the installation>'"),
  ];
}

const shellQuoted = (text: string) =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
