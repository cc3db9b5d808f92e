import { examine, type Finding } from '../doctor/finding.ts';
import type { GithubCheck } from './examine-github.ts';

/** Default branch, ways to merge, and what cannot be asked for. */
export async function checkRepository({ github }: Pick<GithubCheck, 'github'>): Promise<Finding[]> {
  const settings = await github.repositorySettings();
  const branch = examine({ home: 'GitHub', where: 'default branch' }, async () => {
    if (settings.defaultBranch === 'master') return 'master';
    return {
      state: 'wrong' as const,
      said: `is ${settings.defaultBranch}: schedules and judges run from the default branch, and it has to be master`,
      hint: 'Settings → General → Default branch',
    };
  });
  const merging = examine({ home: 'GitHub', where: 'merging' }, async () => {
    if (settings.allowMergeCommit && settings.allowSquashMerge) return 'merge commits and squash are allowed';
    const missing = [
      ...(settings.allowMergeCommit ? [] : ['merge commits (between branches)']),
      ...(settings.allowSquashMerge ? [] : ['squash (into dev)']),
    ];
    return {
      state: 'wrong' as const,
      said: `not allowed: ${missing.join(', ')}`,
      hint: 'npm run github:protect -- --apply',
    };
  });
  const owner = github.repository.split('/')[0];
  const image: Finding = {
    home: 'image',
    where: 'packages',
    state: 'note',
    said: 'who may pull the image is not known here',
    hint: `look at the page of the package (packages of ${owner}); a new one is private`,
  };
  return [await branch, await merging, ...(settings.private ? [] : [image])];
}
