import { z } from 'zod';
import { Experiment } from './answers.ts';
import { type Ask, create, get, write } from './asked.ts';
import { checkedKey, checkedName, cut, LIMITS } from './limits.ts';
import type { Mlflow } from './mlflow.ts';
import type { MlflowFailure } from './mlflow-error.ts';
import { absent, hasFailed, listed } from './outcomes.ts';

type Experiments = Pick<
  Mlflow,
  'experimentByName' | 'ensureExperiment' | 'setExperimentTag' | 'deleteExperiment'
>;

/** Looked for and made in turns: others make, delete and restore it too. */
const TURNS = 3;
const OVERTAKEN: MlflowFailure[] = ['invalid', 'not-found'];

export function experiments(ask: Ask): Experiments {
  async function experimentByName(name: string): Promise<Experiment | null> {
    const about = naming(name);
    const query = { experiment_name: checkedName(name, 'an experiment') };
    const found = await absent(
      ask(get('experiments/get-by-name', query, { about }), z.object({ experiment: Experiment })),
    );
    return found?.experiment ?? null;
  }

  async function ensureExperiment(name: string, tags: Record<string, string> = {}): Promise<Experiment> {
    const about = naming(name);
    const wanted = { name: checkedName(name, 'an experiment'), tags: listed(tags) };
    for (let turn = 1; ; turn++) {
      const found = await experimentByName(name);
      if (found?.lifecycle_stage === 'active') return found;
      try {
        if (found) {
          await ask(write('experiments/restore', { experiment_id: found.experiment_id }, { about }), Nothing);
        } else await ask(create('experiments/create', wanted, { about }), Nothing);
      } catch (error) {
        // Somebody was quicker, or the answer was lost: look again. One that is active already cannot be restored.
        const undecided = hasFailed(error, 'exists', 'unknown-outcome', ...(found ? OVERTAKEN : []));
        if (!undecided || turn === TURNS) throw error;
      }
    }
  }

  return {
    experimentByName,
    ensureExperiment,
    async setExperimentTag(experiment_id, key, value) {
      const tag = { experiment_id, key: checkedKey(key, 'tag'), value: cut(value, LIMITS.tag) };
      await ask(
        write('experiments/set-experiment-tag', tag, { about: `experiment ${experiment_id}` }),
        Nothing,
      );
    },
    async deleteExperiment(experiment_id) {
      const about = `experiment ${experiment_id}`;
      await absent(ask(write('experiments/delete', { experiment_id }, { about }), Nothing));
    },
  };
}

const Nothing = z.looseObject({});
const naming = (name: string) => `the experiment ${cut(JSON.stringify(name), 80)}`;
