import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openSnapshot } from '../../clients/open-snapshot.ts';
import { withScratch } from '../../clients/scratch.ts';
import { folderName } from '../../clients/snapshot-folder.ts';
import type { StageContext } from '../../context.ts';
import { GateError } from '../../contracts/errors.ts';
import { GateReport } from '../../contracts/gate.ts';
import { TractsFile } from '../../contracts/observations.ts';
import { GateParams, type ModelParams } from '../../contracts/params.ts';
import { type AcceptedSchema, type Snapshot, SourceState } from '../../contracts/snapshot.ts';
import { readJson, writeJson, writeWhole } from '../../files.ts';
import { type Examination, type ExamineOptions, examine } from './examine.ts';
import { listTracts } from './list-tracts.ts';
import type { TableFile } from './read-table.ts';
import { refusedReport } from './refused-report.ts';
import { markdownReport } from './report-text.ts';
import { unmet } from './unmet.ts';
import { mergeObservations } from './write-observations.ts';
import { writeQuarantine } from './write-quarantine.ts';

export interface GateResult {
  report: GateReport;
  passed: boolean;
}

/** Judges a snapshot. Passed: its rows join the observations and its schema becomes the accepted one.
 *  Failed: reports and quarantine say why, nothing else of the model's data changes. The caller stops the run.
 *  @throws GateError where the files hold no table, CorruptError where they are not what the snapshot says */
export async function gate(
  context: StageContext,
  collected: { directory: string; snapshot: Snapshot },
): Promise<GateResult> {
  const { paths, params, log } = context;
  const { snapshot } = collected;
  const state = await readJson(paths.source, SourceState);
  const progress = context.progress.start('gate');
  return withScratch(async (scratch) => {
    const files = await openSnapshot(collected.directory, snapshot, params.source, scratch);
    const source = snapshot.files.map(({ url }) => url).join(', ');
    const examined = await examineOrRefuse(files, {
      source,
      scratch,
      params,
      now: context.now(),
      freshness: true,
      accepted: state?.schema ?? null,
      tracts: await knownTracts(context),
      signal: context.signal,
    });
    if ('refused' in examined) {
      const report = { ...examined.refused, collected_at: snapshot.collected_at };
      await writeReports(context, report);
      if (state) {
        const gated = { sha256: snapshot.sha256, passed: false };
        await writeJson(paths.source, SourceState, { ...state, gated });
      }
      progress.done('refused');
      return { report, passed: false };
    }
    try {
      const report = { ...examined.report, collected_at: snapshot.collected_at };
      await writeQuarantine(examined.raw, join(paths.quarantine, `${folderName(snapshot.collected_at)}.csv`));
      if (report.passed) await accept(context, examined, { at: snapshot.collected_at });
      await writeReports(context, report);
      // Last: a run killed before this judges the same snapshot again and comes to the same files.
      if (state) await remember(context, state, snapshot, examined);
      log.info({ passed: report.passed, rows: report.rows, quarantined: report.quarantined }, 'gate done');
      progress.done(report.passed ? `${report.rows} rows passed` : 'refused');
      return { report, passed: report.passed };
    } finally {
      await examined.raw.close();
    }
  });
}

/** Gates plain files into a workspace without a history, such as that of a backtest. What a scheduled run would stop
 *  for is only warned of here, as long as there is something to forecast.
 *  @throws GateError where no date, no target or no usable row was found */
export async function acceptOnce(context: StageContext, files: TableFile[]): Promise<GateResult> {
  return withScratch(async (scratch) => {
    const examined = await examine(files, {
      source: files.map(({ name, path }) => name ?? path).join(', '),
      scratch,
      params: context.params,
      now: context.now(),
      freshness: false,
      accepted: null,
      tracts: null,
      signal: context.signal,
    });
    try {
      const { report, plan } = examined;
      await writeReports(context, report);
      if (!plan.target || report.last_time === null) throw refusal(report);
      if (!report.passed) {
        const failed = unmet(report, 'fail');
        context.log.warn(
          {
            failed: failed.map(({ expectation, column }) => [expectation, column].filter(Boolean).join(' ')),
          },
          'a scheduled run would stop here',
        );
      }
      await accept(context, examined, { at: context.now().toISOString() });
      return { report, passed: report.passed };
    } finally {
      await examined.raw.close();
    }
  });
}

export interface InspectRequest {
  files: TableFile[];
  /** What to call the source in the report. */
  source: string;
  /** A file of the same source from before: its schema is what this one is compared with. */
  previous?: TableFile[];
  params?: Partial<Pick<ModelParams, 'roles' | 'target' | 'gate'>>;
  now?: Date;
  /** True: judge the age of the newest row too. */
  freshness?: boolean;
  signal?: AbortSignal;
}

/** Looks at any file before one connects to it; nothing is kept.
 *  @throws GateError where the files hold no table */
export async function inspect(request: InspectRequest): Promise<GateReport> {
  const params = { roles: {}, gate: GateParams.parse({}), ...request.params };
  const common = {
    params,
    now: request.now ?? new Date(),
    freshness: request.freshness ?? false,
    signal: request.signal,
  };
  return withScratch(async (scratch) => {
    let accepted: Pick<AcceptedSchema, 'rows' | 'columns'> | null = null;
    let tracts: string[] | null = null;
    if (request.previous) {
      const folder = join(scratch, 'previous');
      await mkdir(folder);
      const before = await examine(request.previous, {
        ...common,
        source: 'previous',
        scratch: folder,
        accepted: null,
        tracts: null,
      });
      accepted = { rows: before.report.rows, columns: before.schema };
      tracts = before.places.map(({ id }) => id);
      await before.raw.close();
    }
    const options = { ...common, source: request.source, scratch, accepted, tracts };
    const examined = await examineOrRefuse(request.files, options);
    if ('refused' in examined) return examined.refused;
    await examined.raw.close();
    return examined.report;
  });
}

/** What holds no table at all is refused like any other bad data: with a report. */
async function examineOrRefuse(
  files: TableFile[],
  options: ExamineOptions,
): Promise<Examination | { refused: GateReport }> {
  try {
    return await examine(files, options);
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    return { refused: refusedReport(options.source, error) };
  }
}

/** Rows that passed join the observations, their places the tracts.
 *  @returns number of rows added */
export async function accept(
  context: StageContext,
  examined: Examination,
  known: { at: string; readmitted?: boolean },
): Promise<number> {
  const { paths } = context;
  await mkdir(dirname(paths.observations), { recursive: true });
  const previous = existsSync(paths.observations) ? paths.observations : null;
  const added = await mergeObservations(examined.raw.connection, examined.plan, {
    previous,
    path: paths.observations,
    knownAt: known.at,
    readmitted: known.readmitted,
  });
  const before = await readJson(paths.tracts, TractsFile);
  await writeJson(paths.tracts, TractsFile, listTracts(examined, before));
  return added;
}

async function writeReports({ paths }: StageContext, report: GateReport): Promise<void> {
  await writeJson(paths.gate, GateReport, report);
  await writeWhole(join(paths.reports, 'gate.md'), markdownReport(report));
}

async function remember(
  { paths }: StageContext,
  state: SourceState,
  snapshot: Snapshot,
  { report, schema }: Examination,
): Promise<void> {
  const accepted: Partial<SourceState> = report.passed
    ? {
        schema: {
          sha256: snapshot.sha256,
          rows: report.rows,
          columns: schema,
          ...(report.last_time ? { last_time: report.last_time } : {}),
        },
      }
    : {};
  const gated = { sha256: snapshot.sha256, passed: report.passed };
  await writeJson(paths.source, SourceState, { ...state, gated, ...accepted });
}

async function knownTracts({ paths }: StageContext): Promise<string[] | null> {
  const file = await readJson(paths.tracts, TractsFile);
  return file?.tracts.map(({ id }) => id) ?? null;
}

function refusal(report: GateReport): GateError {
  const failed = unmet(report, 'fail');
  return new GateError(`${report.source} holds nothing that can be forecast`, {
    hint:
      failed.map(({ hint }) => hint).find(Boolean) ??
      'look at it with `npm run pipeline -- gate --source FILE`',
    facts: { failed: failed.map(({ expectation }) => expectation) },
  });
}
