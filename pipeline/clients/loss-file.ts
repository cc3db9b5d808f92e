import { CorruptError } from '../contracts/errors.ts';
import { type LossTable, PHASES } from '../contracts/losses.ts';
import { type Column, readColumns, writeColumns } from './parquet-columns.ts';

/** Writes `losses.parquet`: one table a side, one after the other. */
export async function writeLosses(path: string, tables: LossTable[]): Promise<void> {
  const rows = tables.reduce((sum, { tract }) => sum + tract.length, 0);
  const text = (of: (table: LossTable, row: number) => string) =>
    tables.flatMap((table) => Array.from(table.tract, (_, row) => of(table, row)));
  const numbers = (of: (table: LossTable) => Float64Array | Int32Array) => {
    const all = new Float64Array(rows);
    let at = 0;
    for (const table of tables) {
      all.set(of(table), at);
      at += table.tract.length;
    }
    return all;
  };
  const columns: Column[] = [
    { name: 'role', type: 'STRING', data: text(({ role }) => role) },
    { name: 'model', type: 'STRING', data: text(({ model }) => model) },
    { name: 'tract', type: 'STRING', data: text(({ tracts, tract }, row) => tracts[tract[row]]) },
    { name: 'cutoff', type: 'TIMESTAMP', data: numbers(({ cutoff }) => cutoff) },
    { name: 'horizon', type: 'INT32', data: Int32Array.from(numbers(({ horizon }) => horizon)) },
    { name: 'truth', type: 'DOUBLE', data: numbers(({ truth }) => truth) },
    { name: 'forecast', type: 'DOUBLE', data: numbers(({ forecast }) => forecast) },
    { name: 'loss', type: 'DOUBLE', data: numbers(({ loss }) => loss) },
    { name: 'wis', type: 'DOUBLE', data: numbers(({ wis }) => wis) },
    { name: 'phase', type: 'STRING', data: text(({ phase }, row) => PHASES[phase[row]]) },
  ];
  await writeColumns(path, columns);
}

/** @returns one table a side, in the order written; null if there is no such file
 *  @throws CorruptError if it is not a file of `writeLosses` */
export async function readLosses(path: string): Promise<LossTable[] | null> {
  const columns = await readColumns(path);
  if (!columns) return null;
  const roles = columns.strings('role');
  const models = columns.strings('model');
  const tractIds = columns.strings('tract');
  const phases = columns.strings('phase');
  const phaseNames: readonly string[] = PHASES;
  const cutoff = columns.numbers('cutoff');
  const horizon = columns.integers('horizon');
  const truth = columns.numbers('truth');
  const forecast = columns.numbers('forecast');
  const loss = columns.numbers('loss');
  const wis = columns.numbers('wis');

  const tracts = [...new Set(tractIds)];
  const tractIndex = new Map(tracts.map((id, index) => [id, index]));
  const tables: LossTable[] = [];
  for (let from = 0; from < columns.rows; ) {
    let to = from;
    while (to < columns.rows && roles[to] === roles[from] && models[to] === models[from]) to++;
    tables.push({
      role: roleOf(roles[from], path),
      model: models[from],
      tracts,
      tract: Int32Array.from(tractIds.slice(from, to), (id) => tractIndex.get(id)!),
      cutoff: cutoff.slice(from, to),
      horizon: horizon.slice(from, to),
      truth: truth.slice(from, to),
      forecast: forecast.slice(from, to),
      loss: loss.slice(from, to),
      wis: wis.slice(from, to),
      phase: Int32Array.from(phases.slice(from, to), (phase) => phaseNames.indexOf(phase)),
    });
    from = to;
  }
  return tables;
}

function roleOf(role: string, path: string): LossTable['role'] {
  if (role === 'challenger' || role === 'champion' || role === 'baseline') return role;
  throw new CorruptError(`${path} knows a side "${role}"`, { hint: 'delete it and run evaluate again' });
}
