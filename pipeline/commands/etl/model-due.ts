import type { ModelParams } from '../../contracts/params.ts';
import type { Promotion } from '../../contracts/promotion.ts';
import { type Due, isDue } from '../../stages/retrain/due.ts';
import { productionOf, promotionOf, type RobotFiles, sourceOf } from './robot-files.ts';

/** Whether a model is to be trained again, from what git alone knows: so a training that was dropped or killed is caught
 *  up, and one whose promotion still waits for its reviewer is not made again.
 *  @param pending files of open promotions */
export function modelDue(
  model: string,
  input: {
    state: RobotFiles;
    pending: RobotFiles[];
    params: ModelParams;
    now: Date;
    forced: boolean;
  },
): Due {
  const { state, pending, params, now, forced } = input;
  const trained = [state, ...pending]
    .map((files) => promotionOf(files, model))
    .filter((promotion): promotion is Promotion => promotion !== null)
    .map(({ decided_at }) => decided_at)
    .sort()
    .at(-1);
  const collected = sourceOf(state, model)?.snapshot.collected_at;
  if (collected === undefined) return { due: false, reason: 'there are no data of it yet' };
  return isDue({
    now,
    trained: trained === undefined ? null : new Date(trained),
    hasChampion: productionOf(state, model) !== null,
    hasNewData: trained === undefined || collected > trained,
    every: params.schedule.train,
    forced,
  });
}
