import { isDeepStrictEqual } from 'node:util';
import type { LossTable } from '../../contracts/losses.ts';
import type { Production } from '../../contracts/promotion.ts';
import type { Judgement, ReviewSubmission } from '../../contracts/review.ts';
import type { Bench } from './bench.ts';
import type { Wanted } from './data-for.ts';
import type { Submitted } from './read-submission.ts';
import { recipeFits } from './recipe-fits.ts';
import { planOf, recompute, type Truth } from './recompute.ts';
import { Refusal } from './refusal.ts';
import { plainJudgement, toJudgement } from './to-judgement.ts';
import { trainingOf, truthFor } from './trusted-data.ts';
import type { Commits } from './what-changed.ts';

export interface Judged {
  judgement: Judgement;
  losses: LossTable[];
  truth: Truth | null;
}

/** The word on a model that was trained, by the judge's own figures.
 *  @throws Refusal */
export async function compareModel(
  bench: Bench,
  commits: Commits,
  { wanted, submitted, folder }: { wanted: Wanted; submitted: Submitted; folder: string },
): Promise<Judged> {
  const { change, files, withTraining } = wanted;
  const { model, champion, before, after } = change;
  const { submission } = submitted;
  refuseMoved(champion, submission);
  const truth = await truthFor(bench, commits, { ...wanted, folder });
  const plan = planOf(truth, model);
  if (submission.state === 'too-short' || typeof plan === 'string')
    return { judgement: tooShort(model, plan, submission), losses: [], truth };
  const training = withTraining ? await trainingFor(bench, commits, { wanted, folder }) : null;
  const forecasts = training?.forecasts ?? submitted.forecasts;
  if (!forecasts)
    throw new Refusal('Forecasts are missing', 'The review says “trained” and submits no forecasts.');
  const { losses, ...verdict } = await recompute(truth, forecasts, {
    model,
    plan,
    challenger: training ?? challengerIn(submission),
    recipe: change.recipe,
    commit: commits.head,
    now: bench.now(),
    signal: bench.signal,
  });
  const judgement = toJudgement(verdict, submission, {
    needsPromotion: change.promotes !== null,
    otherRules: !isDeepStrictEqual(before?.promotion ?? after!.promotion, after!.promotion),
  });
  bench.log.info({ model, status: judgement.status, files: files.commit }, 'judged');
  return { judgement, losses, truth };
}

function refuseMoved(champion: Production | null, { champion: against, state }: ReviewSubmission): void {
  if (state === 'too-short' || (champion?.digest ?? null) === (against?.digest ?? null)) return;
  const [was, is] = [against?.version ?? 'none', champion?.version ?? 'none'].map((text) =>
    /^v\d{4,}$|^none$/.test(text) ? text : 'another',
  );
  throw new Refusal(
    'The champion has moved',
    `It was compared with the champion ${was}, master has ${is}: the champion has moved since; run the review again.`,
  );
}

/** The judge's own word on whether there is enough to train on. */
function tooShort(model: string, plan: ReturnType<typeof planOf>, submission: ReviewSubmission): Judgement {
  const { gate } = submission;
  if (typeof plan === 'string')
    return plainJudgement(model, 'success', {
      headline: 'Too little data',
      reason: `${plan} It may be merged; nothing is promoted.`,
      gate,
    });
  return plainJudgement(model, 'failure', {
    headline: 'Another report',
    reason: 'The review says that there are too little data to train; there are enough: run it again.',
    gate,
  });
}

/** What `dvc.lock` says was trained, where it is of this code, and what production.json names.
 *  @throws Refusal */
async function trainingFor(
  bench: Bench,
  commits: Commits,
  { wanted: { change, files }, folder }: { wanted: Wanted; folder: string },
) {
  const { model, promotes, after } = change;
  if (!(await recipeFits(bench, files, { model, params: after!, commit: commits.head })))
    throw new Refusal(
      'Not trained',
      'What dvc.lock names was trained by other code or settings; what goes into master was trained before.',
    );
  const { forecasts, bundle, fallback } = await trainingOf(folder, model);
  const made = promotes ? [bundle, fallback].find((one) => one?.digest === promotes.digest) : bundle;
  if (!made)
    throw new Refusal(
      'Not trained',
      `production.json names the bundle ${promotes?.digest.slice(0, 12) ?? ''}, which the training in dvc.lock did not make.`,
    );
  return { forecasts, name: made.manifest.candidate, digest: made.digest };
}

/** Name and digest are for display; a name that is no plain word is not shown. */
function challengerIn({ metrics, promotion, forecasts }: ReviewSubmission) {
  const told = metrics?.models.find(({ role }) => role === 'challenger');
  const name = told?.name ?? promotion?.challenger.name ?? '';
  return {
    name: /^[a-z][a-z0-9-]{0,40}$/.test(name) ? name : 'challenger',
    digest: told?.digest ?? promotion?.challenger.digest ?? forecasts!.sha256,
  };
}
