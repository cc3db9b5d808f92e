import { readParams } from '../../params.ts';
import { REPOSITORY } from '../../workspace.ts';
import type { Environment } from '../environment.ts';
import { openGithub } from '../open-github.ts';
import { workspaceOf } from '../written.ts';
import { converse } from './converse.ts';
import { explain } from './explain.ts';
import { readEvent } from './read-event.ts';

/** `perennial reply`: answers a comment that begins with `/perennial`; all others, and those of robots, are left alone.
 *  @throws PerennialError where what was asked for could not be done, after the answer has said so */
export async function replyCommand(environment: Environment, options: { event?: string }): Promise<void> {
  const conversation = await readEvent(options.event ?? process.env.GITHUB_EVENT_PATH);
  await converse(environment, conversation, async () => ({
    github: (await openGithub(environment)).github,
    params: () => readParams(REPOSITORY),
    async explain(tract) {
      const params = await readParams(REPOSITORY);
      return explain(environment, { tract, params, workspace: workspaceOf(params.promotion.mode) });
    },
  }));
}
