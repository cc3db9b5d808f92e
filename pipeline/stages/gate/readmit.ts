import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { unpackQuarantine } from '../../clients/quarantine-archive.ts';
import { withScratch } from '../../clients/scratch.ts';
import type { StageContext } from '../../context.ts';
import { GateError, UsageError } from '../../contracts/errors.ts';
import { GateReport } from '../../contracts/gate.ts';
import { type Role, Role as RoleSchema } from '../../contracts/roles.ts';
import { SourceState } from '../../contracts/snapshot.ts';
import { readJson } from '../../files.ts';
import { examine } from './examine.ts';
import { type Reject, readTable } from './read-table.ts';
import { accept } from './run.ts';
import { identifier, literal } from './sql.ts';
import { QUARANTINE_COLUMNS, writeQuarantine } from './write-quarantine.ts';

export interface Readmission {
  file: string;
  /** Rows tried again, of which `passed` now pass; `added` of them were news to the observations. */
  tried: number;
  passed: number;
  added: number;
  /** Rows that stay in quarantine, with reasons of today. */
  remaining: number;
}

/** Tries the rows of a quarantine file again with the parameters of today, after a `roles:` was mended. Those that
 *  pass join the observations under the time their snapshot was collected, but never overrule what came later.
 *  @param file a quarantine file; without it every file of the model, oldest first
 *  @throws UsageError if there is no such file, GateError if its dates cannot be read as the snapshot's were */
export async function readmit(context: StageContext, file?: string): Promise<Readmission[]> {
  // Those of closed months lie in archives; the next run packs what stays.
  await unpackQuarantine(context.paths.quarantine);
  const files = file ? [file] : await quarantineFiles(context);
  const done: Readmission[] = [];
  for (const path of files) done.push(await readmitFile(context, path));
  return done;
}

async function readmitFile(context: StageContext, path: string): Promise<Readmission> {
  const collectedAt = collectedAtOf(path);
  return withScratch(async (scratch) => {
    const rows = join(scratch, 'rows.csv');
    const { tried, rejects } = await splitRows(path, rows, scratch);
    const examined = await examine([{ path: rows, format: 'csv', name: basename(path) }], {
      source: basename(path),
      scratch,
      params: { ...context.params, roles: await settledRoles(context) },
      now: context.now(),
      freshness: false,
      accepted: null,
      tracts: null,
      signal: context.signal,
    });
    try {
      await sameDates(context, examined.report);
      const passed = examined.measured.counts.accepted;
      const added = passed > 0 ? await accept(context, examined, { at: collectedAt, readmitted: true }) : 0;
      // Last: killed before this, the rows are tried again and found to be known already.
      examined.raw.rejects.push(...rejects);
      const remaining = await writeQuarantine(examined.raw, path);
      context.log.info({ file: basename(path), tried, passed, added, remaining }, 'quarantine tried again');
      return { file: path, tried, passed, added, remaining };
    } finally {
      await examined.raw.close();
    }
  });
}

/** The rows that were split into cells, as a plain file; lines that were not cannot be helped by a role and stay. */
async function splitRows(
  path: string,
  to: string,
  scratch: string,
): Promise<{ tried: number; rejects: Reject[] }> {
  const raw = await readTable([{ path, format: 'csv' }], { scratch });
  try {
    const [reason, , line, text] = QUARANTINE_COLUMNS;
    const names = raw.columns.filter((name) => name !== text && name !== reason);
    if (!QUARANTINE_COLUMNS.every((name) => raw.columns.includes(name))) {
      throw new UsageError(`${basename(path)} is no quarantine file`);
    }
    await raw.connection.run(
      `COPY (SELECT ${names.map(identifier).join(', ')} FROM raw WHERE ${text} IS NULL) TO ${literal(to)} (FORMAT csv, HEADER)`,
    );
    const read = await raw.connection.runAndReadAll(
      `SELECT ${reason}, ${line}, ${text} FROM raw WHERE ${text} IS NOT NULL`,
    );
    const rejects = read.getRows().map(([why, at, what]) => ({
      reason: String(why),
      line: at === null ? null : Number(at),
      text: String(what),
    }));
    return { tried: raw.rows - rejects.length, rejects };
  } finally {
    await raw.close();
  }
}

/** A few bad rows say little of what columns mean: the accepted schema says it, and params.yaml overrules it. */
async function settledRoles(context: StageContext): Promise<Record<string, Role>> {
  const state = await readJson(context.paths.source, SourceState);
  const roles: Record<string, Role> = Object.fromEntries(
    QUARANTINE_COLUMNS.slice(1, 3).map((name) => [name, 'other' as const]),
  );
  for (const { name, role } of state?.schema?.columns ?? []) roles[name] = RoleSchema.parse(role);
  return { ...roles, ...context.params.roles };
}

/** 01/02/2021 alone may be read either way; then nothing is taken back rather than a wrong day. */
async function sameDates({ paths }: StageContext, report: GateReport): Promise<void> {
  const before = (await readJson(paths.gate, GateReport))?.format?.date_form;
  const now = report.format?.date_form;
  if (!before || !now || before === now || /iso/.test(now)) return;
  throw new GateError(`the dates in quarantine look like ${now}, those of the snapshot are ${before}`, {
    hint: 'run ingest and gate again on the whole snapshot instead',
  });
}

async function quarantineFiles({ paths }: StageContext): Promise<string[]> {
  const names = await readdir(paths.quarantine).catch(() => []);
  const files = names.filter((name) => name.endsWith('.csv')).sort();
  return files.map((name) => join(paths.quarantine, name));
}

function collectedAtOf(path: string): string {
  const stamp = /^(\d{4}-\d{2}-\d{2}T\d{2})-(\d{2})-(\d{2}(?:\.\d+)?Z)\.csv$/.exec(basename(path));
  if (!stamp) {
    throw new UsageError(`${basename(path)} is not named after a snapshot`, {
      hint: 'expected a file such as 2026-01-31T06-00-00Z.csv in data/<model>/quarantine',
    });
  }
  return `${stamp[1]}:${stamp[2]}:${stamp[3]}`;
}
