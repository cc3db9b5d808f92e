import type { StageContext } from '../context.ts';
import { Plan } from '../contracts/plan.ts';
import type { RegisteredVersion } from '../contracts/registry.ts';
import { writeJson } from '../files.ts';
import { observationAxis } from './observation-span.ts';
import { planFor } from './plan.ts';

/** `plan.json`: the same data and champion give the same plan.
 *  @returns null, or in a sentence why nothing can be trained and judged on these data */
export async function writePlan(
  context: StageContext,
  champion: RegisteredVersion | null,
): Promise<string | null> {
  const { paths: at, model, params } = context;
  const axis = await observationAxis(at);
  const named = champion && {
    version: champion.version,
    digest: champion.digest,
    train_end: champion.train_end,
  };
  const plan = planFor(axis, { model, params, champion: named });
  if ('noNewDay' in plan)
    return `the champion has learnt until ${champion?.train_end}, these data end ${plan.end}: there is no day to compare on`;
  if ('tooShort' in plan)
    return `${plan.have} ${axis.step}s are too few to train and to judge a model; ${plan.need} are needed`;
  await writeJson(at.plan, Plan, plan);
  return null;
}
