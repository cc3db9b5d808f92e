import type { ReadText } from '../../clients/tree-reader.ts';
import { GateReport } from '../../contracts/gate.ts';
import type { DataChange } from '../../contracts/pull-report.ts';
import { SourceState } from '../../contracts/snapshot.ts';
import { parsed } from './parsed.ts';

/** What one commit's reports say of a model's data; each null where there is no such file, or none that parses. */
export interface ToldOfData {
  version: string | null;
  source: SourceState | null;
  gate: GateReport | null;
}

export async function toldOfData(
  read: ReadText,
  { model, version }: { model: string; version: string | null },
): Promise<ToldOfData> {
  const [source, gate] = await Promise.all([
    read(`reports/${model}/source.json`),
    read(`reports/${model}/gate.json`),
  ]);
  return { version, source: parsed(source, SourceState), gate: parsed(gate, GateReport) };
}

/** @returns null where nothing differs */
export function dataChange(from: ToldOfData, to: ToldOfData): DataChange | null {
  const schema = schemaChanges(from.source, to.source);
  if (from.version === to.version && schema.length === 0) return null;
  return {
    from: from.version,
    to: to.version,
    rows: { from: rowsOf(from), to: rowsOf(to) },
    lastTime: { from: from.gate?.last_time ?? null, to: to.gate?.last_time ?? null },
    schema,
    warnings: to.gate ? warningsOf(to.gate) : [],
  };
}

/** What the gate let through with a word. */
export function warningsOf({ expectations, anomalies }: GateReport): string[] {
  return [
    ...expectations
      .filter(({ passed, severity }) => !passed && severity !== 'ignore')
      .map(({ expectation, column, observed, limit }) => {
        const where = column ? ` of ${column}` : '';
        return `${expectation}${where}: ${observed ?? 'nothing'}, expected ${limit ?? 'another'}`;
      }),
    ...anomalies.map(({ kind, column, was }) => `${column}: ${kind}${was ? `, was ${was}` : ''}`),
  ].slice(0, MOST_WARNINGS);
}
const MOST_WARNINGS = 20;

function rowsOf({ source, gate }: ToldOfData): number | null {
  return source?.schema?.rows ?? gate?.rows ?? null;
}

function schemaChanges(from: SourceState | null, to: SourceState | null): DataChange['schema'] {
  const columns = (state: SourceState | null) =>
    new Map((state?.schema?.columns ?? []).map(({ name, type, role }) => [name, `${type}, ${role}`]));
  const [before, after] = [columns(from), columns(to)];
  if (before.size === 0 || after.size === 0) return [];
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((column) => {
    const [was, is] = [before.get(column) ?? null, after.get(column) ?? null];
    if (was === is) return [];
    return [{ column, was, is, change: was === null ? 'added' : is === null ? 'removed' : 'changed' }];
  });
}
