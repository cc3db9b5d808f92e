import { gitUrl, type Remote } from '../clients/git-remote.ts';
import type { Github } from '../clients/github/github.ts';
import type { GithubHome } from '../contracts/github.ts';
import { readGithub } from '../home-settings/github.ts';
import { withhold } from '../secrets.ts';
import { REPOSITORY } from '../workspace.ts';
import type { Environment } from './environment.ts';

/** What one command has of the Git host. */
export interface OpenGithub {
  home: GithubHome;
  github: Github;
  /** For git, with a token that is good for now. @param root the clone; default: this repository */
  remote(root?: string): Promise<Remote>;
}

/** @throws UsageError if a setting is not what it should be */
export async function openGithub({ signal, log, now }: Environment, given?: GithubHome): Promise<OpenGithub> {
  const home = given ?? (await readGithub());
  // Octokit takes a while to load: commands without a Git host do without it.
  const { githubAt } = await import('../clients/github/github-at.ts');
  const github = githubAt(home, { signal, log, now, withhold });
  return {
    home,
    github,
    remote: async (root = REPOSITORY) => ({
      root,
      url: gitUrl(home),
      token: await github.gitToken(),
      signal,
    }),
  };
}
