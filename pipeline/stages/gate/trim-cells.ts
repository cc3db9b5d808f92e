import type { DuckDBConnection } from '@duckdb/node-api';
import type { ReadPart } from './read-table.ts';
import { identifier } from './sql.ts';

/** Blanks that portals put around cells: among them the no-break spaces of spreadsheets. */
const BLANKS = ' \t\r\n\u00a0\u2007\u202f\ufeff';

/** Trims the cells of a part, where any need it, and makes blank ones NULL. */
export async function trimCells(connection: DuckDBConnection, name: string, part: ReadPart): Promise<void> {
  // A first look at the outer bytes costs a tenth of trimming everything.
  const suspect = part.columns.map((column) => {
    const cell = identifier(column);
    const ends = [' ', '\t', '\n', '\u00a0', '\u202f'].map((blank) => `ends_with(${cell}, '${blank}')`);
    return `bool_or(ascii(${cell}) < 33 OR ascii(${cell}) > 126 OR ${ends.join(' OR ')})`;
  });
  const [suspects] = (await connection.runAndReadAll(`SELECT ${suspect.join(', ')} FROM ${name}`)).getRows();
  const columns = part.columns.filter((_, index) => suspects[index] === true);
  if (columns.length === 0) return;
  const counts = columns.map(
    (column) => `count(*) FILTER (${identifier(column)} IS DISTINCT FROM ${trimmed(column)})`,
  );
  const [changed] = (await connection.runAndReadAll(`SELECT ${counts.join(', ')} FROM ${name}`)).getRows();
  const padded = columns.filter((_, index) => Number(changed[index]) > 0);
  if (padded.length === 0) return;
  const cells = part.columns.map((column) =>
    padded.includes(column) ? `${trimmed(column)} AS ${identifier(column)}` : identifier(column),
  );
  await connection.run(
    `ALTER ${await kindOf(connection, name)} ${name} RENAME TO ${name}_padded;
     CREATE TABLE ${name} AS SELECT ${cells.join(', ')}, _line FROM ${name}_padded`,
  );
  part.repairs.push({
    repair: 'trimmed-cells',
    count: changed.reduce<number>((sum, cell) => sum + Number(cell), 0),
    examples: padded.slice(0, 5),
  });
}

function trimmed(column: string): string {
  return `nullif(trim(${identifier(column)}, '${BLANKS}'), '')`;
}

async function kindOf(connection: DuckDBConnection, name: string): Promise<'VIEW' | 'TABLE'> {
  const views = await connection.runAndReadAll(
    `SELECT 1 FROM duckdb_views() WHERE view_name = '${name}' AND NOT internal`,
  );
  return views.currentRowCount > 0 ? 'VIEW' : 'TABLE';
}
