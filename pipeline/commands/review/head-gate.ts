import { openSnapshot } from '../../clients/open-snapshot.ts';
import { withScratch } from '../../clients/scratch.ts';
import { newestSnapshot } from '../../clients/snapshot-folder.ts';
import type { StageContext } from '../../context.ts';
import type { GateReport } from '../../contracts/gate.ts';
import { inspect } from '../../stages/gate/run.ts';

/** What the gate of this code and of this `params.yaml` says of the newest snapshot; nothing of the data is changed.
 *  How old it is says nothing of a pull request, and is not asked.
 *  @returns null where no snapshot is here */
export async function inspectNewest(context: StageContext): Promise<GateReport | null> {
  const { paths, params, signal } = context;
  const newest = await newestSnapshot(paths.raw);
  if (!newest) return null;
  const { snapshot, directory } = newest;
  const step = context.progress.start('gate');
  const report = await withScratch(async (scratch) =>
    inspect({
      files: await openSnapshot(directory, snapshot, params.source, scratch),
      source: snapshot.files.map(({ url }) => url).join(', '),
      params,
      now: context.now(),
      signal,
    }),
  );
  step.done(report.passed ? `${report.rows} rows pass` : 'refused');
  return { ...report, collected_at: snapshot.collected_at };
}

/** The expectations that failed, in one sentence. */
export function refusalOf(report: GateReport): string {
  const failed = report.expectations.filter(({ passed, severity }) => !passed && severity === 'fail');
  const named = failed.map(({ expectation, column }) =>
    column ? `${expectation} (${column})` : expectation,
  );
  const drifted = report.anomalies.filter(({ severity }) => severity === 'fail').map(({ column }) => column);
  const why = [...named, ...drifted].join(', ');
  return `the gate refuses the newest snapshot with this pull request's settings${why ? `: ${why}` : ''}`;
}
