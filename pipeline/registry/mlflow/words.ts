import type { Facts } from './facts.ts';

/** What people read on the registered model's page. */
export function modelDescription({ model, repository }: { model: string; repository?: string }): string {
  return [
    `**${model}**, kept by Perennial${repository ? ` in ${repository}` : ''}.`,
    '',
    'Each version is a bundle: the model, its preprocessing, its request schema and its tests, named by a digest. It lies among the artifacts of its run, below `bundle/`.',
    '',
    '`champion` is the version that is served, `challenger` the newest one. They are moved by Perennial alone (`npm run pipeline -- rollback` takes the champion back); moved here by hand, they are put right by the next run.',
  ].join('\n');
}

export const LEDGER_DESCRIPTION = [
  'Where the aliases of this model are, one parameter a move: who moved which alias, when, from where to where.',
  '',
  'Do not delete this run: without it nobody knows which version is the champion.',
].join('\n');

/** What people read on a version's page. */
export function versionDescription({
  candidate,
  is_baseline,
  metrics,
  train_end,
  data_version,
  commit,
  parent,
  digest,
}: Facts): string {
  const scores = SHOWN.filter((name) => typeof metrics[name] === 'number').map(
    (name) => `${name} ${(metrics[name] as number).toPrecision(4)}`,
  );
  return [
    // MLflow's table of versions shows the first words as they are: no Markdown there.
    `${candidate}${is_baseline ? ' (the baseline: no model was better)' : ''}, trained on data until ${train_end.slice(0, 10)}.`,
    '',
    `- Errors on the days it was tested on: ${scores.join(', ') || 'not measured'}`,
    `- Compared with: ${parent ?? 'no champion, it was the first'}`,
    `- Data version: ${data_version}`,
    `- Commit: ${commit}`,
    `- Digest: ${digest}`,
  ].join('\n');
}

/** Of all metrics, those that people ask for first. */
export const SHOWN = ['wape', 'mase', 'mae', 'wis', 'coverage90'];
