import { parentPort } from 'node:worker_threads';
import type { Curve } from '../../contracts/train.ts';
import { learnedHere } from './candidates.ts';
import type { FitAnswer, FitJob } from './fit-elsewhere.ts';

// The other end of `elsewhere`: fits what it is asked, one job at a time.

parentPort?.on('message', async ({ id, candidate, request }: FitJob) => {
  let answer: FitAnswer;
  try {
    const curves: Curve[] = [];
    const fit = await learnedHere(candidate).fit({ ...request, onCurve: (curve) => curves.push(curve) });
    answer = { id, files: fit.files(), curves };
  } catch (error) {
    answer = { id, error: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(answer);
});
