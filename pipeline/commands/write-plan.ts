import type { StageContext } from '../context.ts';
import { indexAt, STEP_MS, timeAt } from '../contracts/panel.ts';
import { Plan } from '../contracts/plan.ts';
import type { RegisteredVersion } from '../contracts/registry.ts';
import { writeJson } from '../files.ts';
import { observationAxis } from './observation-span.ts';
import { planFile, planWindows } from './plan.ts';

/** `plan.json`: the same data and champion give the same plan.
 *  @returns null, or in a sentence why nothing can be trained and judged on these data */
export async function writePlan(
  context: StageContext,
  champion: RegisteredVersion | null,
): Promise<string | null> {
  const { paths: at, model, params } = context;
  const axis = await observationAxis(at);
  const settling =
    axis.step === 'hour' ? 0 : Math.ceil((params.settled_after_days * STEP_MS.day) / axis.stepMs);
  const championEnd = champion && indexAt(axis, Date.parse(champion.train_end));
  if (champion && championEnd !== null && championEnd >= axis.length) {
    const end = new Date(timeAt(axis, axis.length - 1)).toISOString();
    return `the champion has learnt until ${champion.train_end}, these data end ${end}: there is no day to compare on`;
  }
  const windows = planWindows(axis, {
    settled: axis.length - 1 - settling,
    horizon: Math.max(...params.horizons),
    championEnd,
  });
  if ('tooShort' in windows) {
    return `${windows.have} ${axis.step}s are too few to train and to judge a model; ${windows.need} are needed`;
  }
  const plan = planFile(
    model,
    axis,
    windows,
    champion && { version: champion.version, digest: champion.digest, train_end: champion.train_end },
  );
  await writeJson(at.plan, Plan, plan);
  return null;
}
