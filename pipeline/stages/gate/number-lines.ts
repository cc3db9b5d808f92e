import type { DuckDBConnection } from '@duckdb/node-api';
import { identifier } from './sql.ts';

/** Line ends inside cells. */
export async function embeddedLines(
  connection: DuckDBConnection,
  name: string,
  columns: string[],
): Promise<number> {
  const sum = columns.map((column) => `coalesce(sum(${embeddedSql(column)}), 0)`).join(' + ');
  return Number((await connection.runAndReadAll(`SELECT ${sum} FROM ${name}`)).getRows()[0][0]);
}

function embeddedSql(column: string): string {
  const cell = identifier(column);
  return `(length(${cell}) - length(replace(${cell}, chr(10), '')))`;
}

/** Adds `_line`: the physical line of each row, past what is no row.
 *  A view over `rowid` costs nothing, where `row_number()` would read the file on one thread. */
export async function numberLines(
  connection: DuckDBConnection,
  name: string,
  about: {
    columns: string[];
    all: string[];
    first: number;
    gaps: { line: number; text: string }[];
    embedded: boolean;
  },
): Promise<void> {
  const columns = about.columns.map(identifier).join(', ');
  if (!about.embedded && about.gaps.length === 0) {
    await connection.run(
      `ALTER TABLE ${name} RENAME TO ${name}_rows; CREATE VIEW ${name} AS SELECT ${columns}, rowid + ${about.first} AS _line FROM ${name}_rows`,
    );
    return;
  }
  // A gap moves every later row: its line, counted without the gaps before it, is where it starts to.
  let moved = 0;
  const shifts = about.gaps
    .toSorted((a, b) => a.line - b.line)
    .map(({ line, text }) => {
      const from = line - moved;
      moved += text.split('\n').length;
      return `(${from}, ${moved})`;
    });
  await connection.run(`CREATE OR REPLACE TEMP TABLE shifts ("from" BIGINT, moved BIGINT)`);
  for (let at = 0; at < shifts.length; at += 5000) {
    await connection.run(`INSERT INTO shifts VALUES ${shifts.slice(at, at + 5000).join(', ')}`);
  }
  const before = about.embedded
    ? `coalesce(sum(${about.all.map((f) => `coalesce(${embeddedSql(f)}, 0)`).join(' + ')}) OVER (ORDER BY rowid ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)`
    : '0';
  await connection.run(
    `CREATE TABLE ${name}_rows AS
       WITH plain AS (SELECT ${columns}, rowid + ${about.first} + ${before} AS naive FROM ${name}),
            last AS (SELECT "from", max(moved) AS moved FROM shifts GROUP BY ALL)
       SELECT ${columns}, (naive + coalesce(moved, 0))::BIGINT AS _line
       FROM plain ASOF LEFT JOIN last ON naive >= last."from" ORDER BY naive;
     DROP TABLE ${name};
     ALTER TABLE ${name}_rows RENAME TO ${name}`,
  );
}
