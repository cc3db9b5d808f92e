import type { GithubHome } from '../../contracts/github.ts';
import { actions } from './actions.ts';
import { type AskOptions, asker } from './ask.ts';
import { comments } from './comments.ts';
import { contents } from './contents.ts';
import type { Github } from './github.ts';
import { identity } from './identity.ts';
import { issues } from './issues.ts';
import { pulls } from './pulls.ts';
import { releases } from './releases.ts';
import { repository } from './repository.ts';
import { rulesets } from './rulesets.ts';
import { statuses } from './statuses.ts';

export type GithubOptions = AskOptions;

/** A repository on a Git host.
 *  @param options.signal ends every request at once with a GithubError `cancelled` */
export function githubAt(home: GithubHome, options: GithubOptions = {}): Github {
  const ask = asker(home, options);
  const name = `${home.owner}/${home.name}`;
  return {
    repository: name,
    page: `${home.serverUrl}/${name}`,
    requests: () => ask.requests(),
    ...identity(ask, home),
    ...pulls(ask),
    ...comments(ask),
    ...statuses(ask),
    ...actions(ask),
    ...issues(ask),
    ...contents(ask),
    ...releases(ask),
    ...rulesets(ask),
    ...repository(ask),
  };
}
