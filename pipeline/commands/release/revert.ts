import { ROBOT_BRANCHES } from '../../contracts/github.ts';
import { REPOSITORY } from '../../workspace.ts';
import type { Environment } from '../environment.ts';
import { openDesk } from '../etl/desk.ts';
import { tellWorkflow } from '../etl/outputs.ts';
import { tellFailure } from './failed-issue.ts';
import { type LastRelease, lastRelease } from './last-release.ts';
import { revertLabel } from './plan.ts';
import { type TakenBack, takeBack } from './take-back.ts';
import { servedAt } from './what-is-new.ts';

/** `perennial release-revert`: after a release that failed its verification. Nothing has moved; a pull request takes
 *  production.json back to what is served, and says why. Where no model is new an issue says it.
 *  @param options.reason what was wrong; empty: the run failed for another reason, and nothing is to be taken back */
export async function releaseRevertCommand(
  environment: Environment,
  options: { commit: string; reason?: string },
): Promise<void> {
  const reason = options.reason?.trim() ?? '';
  if (reason === '') {
    await tellWorkflow(
      environment,
      {},
      'The release was not refused: something else failed. Nothing has moved; run it again.',
    );
    return;
  }
  const desk = await openDesk(environment);
  const master = (await desk.heads('master')).get('master') ?? options.commit;
  const last = await lastRelease(desk);
  const models = await newModels(last, { failed: options.commit, master });
  const said =
    models.length > 0
      ? await takeBack(desk, {
          models,
          commit: master,
          branch: ROBOT_BRANCHES.revert(revertLabel(await servedAt(REPOSITORY, options.commit))),
          by: 'perennial',
          why: `its release failed: ${reason}`,
          seen: 'What was served before is served on: nothing has moved.',
          at: environment.now(),
        })
      : await tellFailure(desk.github, { commit: options.commit, seen: reason });
  await tellWorkflow(environment, {}, `${reason}\n\n- ${said}`);
}

/** Models that the release would have changed and that master still names, with what is served in their place. */
async function newModels(
  last: LastRelease | null,
  { failed, master }: { failed: string; master: string },
): Promise<TakenBack[]> {
  if (!last) return [];
  const [before, wanted, now] = [
    await servedAt(REPOSITORY, last.commit),
    await servedAt(REPOSITORY, failed),
    await servedAt(REPOSITORY, master),
  ];
  return Object.entries(wanted).flatMap(([model, from]) => {
    const to = before[model];
    if (!to || to.digest === from.digest || now[model]?.digest !== from.digest) return [];
    return [{ model, from, to }];
  });
}
