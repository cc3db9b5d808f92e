import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { examine, type Finding } from '../doctor/finding.ts';
import type { GithubCheck } from './examine-github.ts';
import { APP_PERMISSIONS, KEY_FILE } from './workflow-settings.ts';

/** Is the App installed, with what the robots need and no more? Keys of Apps have no end. */
export async function checkApp({ github, app, where }: GithubCheck): Promise<Finding[]> {
  const variables = await github.variables();
  const installed = await examine(
    { home: 'App', where: variables.PERENNIAL_APP_ID ?? 'perennial' },
    async () => {
      if (!app) {
        return {
          state: 'note' as const,
          said: 'whether it is installed and what it may do can only be seen with its key, which this machine has not',
          hint: 'Settings → GitHub Apps shows it',
        };
      }
      const found = await app.installation();
      const hint = 'npm run init -- --app prints the address';
      if (!found) return { state: 'wrong' as const, said: 'is not installed in this repository', hint };
      return judgeInstallation(found, variables);
    },
  );
  return [installed, ...keyLeft(where.repository)];
}

/** @param found the installation, as GitHub has it */
export function judgeInstallation(
  found: { id: number; appId: number; slug: string; permissions: Record<string, string> },
  variables: Record<string, string>,
) {
  const wrong = (said: string, hint: string) => ({ state: 'wrong' as const, said, hint });
  for (const [name, value] of [
    ['PERENNIAL_APP_INSTALLATION', found.id],
    ['PERENNIAL_APP_ID', found.appId],
  ] as const) {
    if (variables[name] !== undefined && variables[name].trim() !== String(value)) {
      return wrong(
        `${name} is another number than that of ${found.slug}`,
        `gh variable set ${name} --body ${value}`,
      );
    }
  }
  const lacking = Object.entries(APP_PERMISSIONS).filter(
    ([right, level]) => LEVELS.indexOf(found.permissions[right] ?? '') < LEVELS.indexOf(level),
  );
  if (lacking.length > 0) {
    const rights = lacking.map(([right, level]) => `${right.replaceAll('_', ' ')}: ${level}`).join(', ');
    const hint = "add them on the App's page under Permissions, then accept them where it is installed";
    return wrong(`${found.slug} lacks ${rights}`, hint);
  }
  const more = Object.entries(found.permissions).filter(
    ([right, level]) => LEVELS.indexOf(level) > LEVELS.indexOf(APP_PERMISSIONS[right] ?? ''),
  );
  if (more.length === 0) return `${found.slug} is installed, with the rights it needs and no more`;
  const rights = more.map(([right, level]) => `${right.replaceAll('_', ' ')}: ${level}`).join(', ');
  return {
    state: 'note' as const,
    said: `${found.slug} may do more than it needs: ${rights}`,
    hint: "take it away on the App's page: what it may not do, nobody can do with its key",
  };
}

/** From the least to the most. */
const LEVELS = ['', 'read', 'write', 'admin'];

function keyLeft(repository: string): Finding[] {
  if (!existsSync(join(repository, KEY_FILE))) return [];
  return [
    {
      home: 'App',
      where: KEY_FILE,
      state: 'note',
      said: 'the key lies on this machine',
      hint: `once GitHub has it (gh secret set PERENNIAL_APP_PRIVATE_KEY --env robots < ${KEY_FILE}): rm ${KEY_FILE}`,
    },
  ];
}
