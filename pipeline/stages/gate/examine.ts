import type { GateReport } from '../../contracts/gate.ts';
import type { ModelParams } from '../../contracts/params.ts';
import type { Role } from '../../contracts/roles.ts';
import type { AcceptedSchema } from '../../contracts/snapshot.ts';
import { describeColumns } from './describe-columns.ts';
import { expectAll } from './expect-all.ts';
import { type FoundRoles, findRoles } from './find-roles.ts';
import { foldLevels } from './fold-levels.ts';
import { foldStrata } from './fold-strata.ts';
import { measureRows } from './measure-rows.ts';
import { measureSeries, type SeriesMeasurements } from './measure-series.ts';
import type { Counted, Measurements } from './measurements.ts';
import { type Place, readPlaces } from './places.ts';
import { profileColumns } from './profile-columns.ts';
import { type RawTable, readTable, type TableFile } from './read-table.ts';
import { findRedefinitions } from './redefinitions.ts';
import { listRepairs } from './repairs.ts';
import type { Column } from './samples.ts';
import { compareSchemas, inheritedRoles } from './schema-drift.ts';
import { setAside } from './set-aside.ts';
import { identifier } from './sql.ts';
import { planTable, type TablePlan } from './table-plan.ts';
import { collapseRepeats, count, quarantineReasons, typeRows } from './type-rows.ts';
import { verdict } from './verdict.ts';

export interface Examination {
  /** Open until the caller closes it; `typed`, `tracts` and `quarantine` are in it. */
  raw: RawTable;
  plan: TablePlan;
  places: Place[];
  schema: Column[];
  measured: Measurements;
  report: GateReport;
}

export interface ExamineOptions {
  source: string;
  scratch: string;
  params: Pick<ModelParams, 'roles' | 'target' | 'gate'>;
  now: Date;
  /** False: the age of an old file is of no interest. */
  freshness: boolean;
  accepted: Pick<AcceptedSchema, 'rows' | 'columns'> | null;
  /** Ids known before; null: nothing is known. */
  tracts: readonly string[] | null;
  signal?: AbortSignal;
}

/** A tract with fewer steps than this is told of. */
const SHORT_HISTORY = 60;

/** Reads the files of one snapshot, types their rows, and judges them. Nothing outside `scratch` is written.
 *  @throws GateError where there is no table at all */
export async function examine(files: TableFile[], options: ExamineOptions): Promise<Examination> {
  const raw = await readTable(files, { scratch: options.scratch, signal: options.signal });
  try {
    return await judge(raw, options);
  } catch (error) {
    await raw.close();
    throw error;
  }
}

async function judge(raw: RawTable, options: ExamineOptions): Promise<Examination> {
  let profiles = await profileColumns(raw);
  if (await foldLevels(raw, profiles, options.params.roles)) profiles = await profileColumns(raw);
  const strata = await foldStrata(raw, profiles, options.params.roles);
  if (strata.length > 0) profiles = await profileColumns(raw);
  const folded = Object.fromEntries(strata.map(({ column, role }) => [column, role]));
  const told = { ...options, folded: strata.map(({ column }) => column) };
  const first = await understand(raw, profiles, told, { ...folded, ...options.params.roles });
  const inherited = options.accepted ? inheritedRoles(options.accepted, { columns: first.schema }) : {};
  const known =
    Object.keys(inherited).length > 0
      ? await understand(raw, profiles, told, {
          ...(inherited as Record<string, Role>),
          ...folded,
          ...options.params.roles,
        })
      : first;

  const { found, plan, places, measured, series } = known;
  const expectations = expectAll(measured, options.params.gate, {
    problems: found.problems,
    keys: found.keys,
    tracts: new Set(places.map(({ id }) => id)),
    previous: options.accepted ? { rows: options.accepted.rows, tracts: options.tracts } : null,
    clock: { now: options.now, asked: options.freshness },
  });
  const anomalies = options.accepted
    ? compareSchemas(options.accepted, { columns: known.schema }, options.params.gate)
    : [];
  const report: GateReport = {
    passed: verdict({ expectations, anomalies }),
    source: options.source,
    format: raw.format ? { ...raw.format, ...(found.date ? { date_form: found.date.form } : {}) } : undefined,
    columns: found.columns,
    expectations,
    anomalies,
    repairs: listRepairs(measured, raw, maskedCells(series)),
    rows: measured.counts.read,
    quarantined: measured.counts.quarantined + measured.counts.rejected,
    tracts: places.length,
    first_time: measured.firstTime,
    last_time: measured.lastTime,
  };
  return { raw, plan, places, schema: known.schema, measured, report };
}

interface Understanding {
  found: FoundRoles;
  plan: TablePlan;
  places: Place[];
  measured: Measurements;
  series: SeriesMeasurements;
  schema: Column[];
}

async function understand(
  raw: RawTable,
  profiles: Awaited<ReturnType<typeof profileColumns>>,
  options: ExamineOptions & { folded: readonly string[] },
  roles: Record<string, Role>,
): Promise<Understanding> {
  const { connection } = raw;
  const found = await findRoles(raw, profiles, {
    roles,
    folded: options.folded,
    target: options.params.target,
    minConfidence: options.params.gate.min_confidence,
  });
  const plan = planTable(found, profiles);
  await typeRows(raw, plan, { now: options.now });
  const { collapsed, autumn, conflicts } = await collapseRepeats(connection, plan);
  const { places, setAside: aside } = await setAside(connection, plan, await readPlaces(raw, plan));
  const rows = await measureRows(raw, plan, places);
  const series = await measureSeries(connection, plan, places);
  await maskCells(raw, series);
  const quarantined = await count(connection, 'SELECT count(*) FROM quarantine');
  const measured: Measurements = {
    counts: {
      read: raw.rows + raw.folded + sumOf(raw.aside) + raw.rejected,
      accepted: await count(connection, 'SELECT count(*) FROM typed'),
      collapsed: collapsed + raw.folded,
      setAside: sumOf(raw.aside) + sumOf(aside),
      quarantined,
      rejected: raw.rejected,
    },
    autumn,
    quarantine: await quarantineReasons(connection),
    setAside: [...raw.aside, ...aside],
    conflicts,
    ...rows,
    calendar: series.calendar,
    totals: series.totals,
    levels: [...(await findRedefinitions(raw, plan, profiles)), ...series.levels],
    tracts: { count: places.length, short: shortHistories(places, series) },
  };
  const schema = await describeColumns(raw, plan, {
    columns: found.columns,
    profiles,
    places,
    running: series.running,
  });
  return { found, plan, places, measured, series, schema };
}

function sumOf(counted: readonly Counted[]): number {
  return counted.reduce((sum, { count: n }) => sum + n, 0);
}

/** Cells of excursions that came back become unknown. */
async function maskCells(raw: RawTable, series: SeriesMeasurements): Promise<void> {
  for (const name of new Set(series.masked.map((cell) => cell.name))) {
    const cells = series.masked
      .filter((cell) => cell.name === name)
      .map(({ tract, time }) => `(${tract}, ${time})`);
    await raw.connection.run(
      `UPDATE typed SET ${identifier(name)} = NULL FROM (VALUES ${cells.join(', ')}) AS m(tract, ms)
         WHERE typed.tract = m.tract AND epoch_ms(typed.time) = m.ms`,
    );
  }
}

function maskedCells(series: SeriesMeasurements) {
  return series.totals
    .filter(({ masked }) => masked > 0)
    .map(({ column, masked, examples }) => ({
      reason: `${column}: left its level and came back, treated as unknown in between`,
      count: masked,
      examples: examples.filter((text) => text.includes('masked')),
    }));
}

function shortHistories(places: readonly Place[], series: SeriesMeasurements) {
  return places.flatMap(({ tract, id, name }) => {
    const steps = series.lengths.get(tract) ?? 0;
    return steps < SHORT_HISTORY ? [{ id, name, steps }] : [];
  });
}
