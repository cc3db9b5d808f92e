import type { DuckDBConnection } from '@duckdb/node-api';
import { GateError } from '../../contracts/errors.ts';
import type { ReadPart, Repair } from './read-table.ts';
import { identifier } from './sql.ts';

export interface Joined {
  table: string;
  columns: string[];
  repairs: Repair[];
}

/**
 * Several files become one table.
 *  - Files whose columns are the same, or all in the other one, or whose rows never share their common columns' values
 *    (daily files of two schema versions) are appended by name; `_file` tells which.
 *  - Others are joined on every column they share, which must be unique in the file that is added: as a full join where
 *    it is unique in both (nothing is lost), else each row of the larger file takes what the smaller one knows.
 * @throws GateError if files share no column, or repeat the shared ones
 */
export async function joinParts(connection: DuckDBConnection, parts: ReadPart[]): Promise<Joined> {
  const repairs: Repair[] = [];
  const groups: { table: string; columns: string[] }[] = [];
  for (const [index, part] of parts.entries()) {
    const table = `source_${index}`;
    await connection.run(`CREATE VIEW ${table} AS SELECT *, ${index}::INTEGER AS _file FROM ${part.table}`);
    groups.push({ table, columns: part.columns });
  }
  let joined = groups[0];
  for (const [index, next] of groups.slice(1).entries()) {
    const shared = next.columns.filter((column) => has(joined.columns, column));
    if (shared.length === 0) {
      throw new GateError(
        `file ${index + 2} has no column in common with those before it (${next.columns.slice(0, 6).join(', ')})`,
        { hint: 'give the files one key column by the same name, or make each a model of its own' },
      );
    }
    const table = `joined_${index + 1}`;
    const same = shared.length === next.columns.length || shared.length === joined.columns.length;
    const append = same || (await overlap(connection, joined.table, next.table, shared)) < 0.5;
    const columns = [...joined.columns, ...next.columns.filter((column) => !has(joined.columns, column))];
    if (append) {
      await connection.run(
        `CREATE VIEW ${table} AS SELECT * FROM ${joined.table} UNION ALL BY NAME SELECT * FROM ${next.table}`,
      );
    } else {
      const repair = await joinOn(connection, { table, left: joined, right: next, shared });
      repairs.push({ ...repair, examples: [`file ${index + 2} on ${shared.join(', ')}`] });
    }
    joined = { table, columns };
  }
  return { ...joined, repairs };
}

function has(columns: string[], column: string): boolean {
  return columns.some((other) => other.toLowerCase() === column.toLowerCase());
}

/** Share of the smaller file's distinct keys that the other file has too. */
async function overlap(
  connection: DuckDBConnection,
  left: string,
  right: string,
  shared: string[],
): Promise<number> {
  const keys = shared.map(identifier).join(', ');
  const [row] = (
    await connection.runAndReadAll(
      `WITH l AS (SELECT DISTINCT ${keys} FROM ${left}), r AS (SELECT DISTINCT ${keys} FROM ${right})
       SELECT (SELECT count(*) FROM l), (SELECT count(*) FROM r), (SELECT count(*) FROM l JOIN r USING (${keys}))`,
    )
  ).getRows();
  const [l, r, both] = row.map(Number);
  return both / Math.max(1, Math.min(l, r));
}

async function joinOn(
  connection: DuckDBConnection,
  about: { table: string; left: Group; right: Group; shared: string[] },
): Promise<Omit<Repair, 'examples'>> {
  const keys = about.shared.map(identifier).join(', ');
  const unique = async (table: string) =>
    (await connection.runAndReadAll(`SELECT 1 FROM ${table} GROUP BY ${keys} HAVING count(*) > 1 LIMIT 1`))
      .currentRowCount === 0;
  const [leftUnique, rightUnique] = [await unique(about.left.table), await unique(about.right.table)];
  if (!leftUnique && !rightUnique) {
    throw new GateError(
      `two files share ${about.shared.join(', ')}, which repeat in both: rows cannot be matched`,
      {
        hint: 'leave one of the files out, or give both the same finest key columns',
      },
    );
  }
  const full = leftUnique && rightUnique;
  const [base, added] = rightUnique ? [about.left, about.right] : [about.right, about.left];
  const extra = added.columns.filter((column) => !has(base.columns, column));
  const picked = [
    ...about.shared.map(
      (column) =>
        (full ? `coalesce(b.${identifier(column)}, a.${identifier(column)})` : `b.${identifier(column)}`) +
        ` AS ${identifier(column)}`,
    ),
    ...base.columns.filter((column) => !has(about.shared, column)).map((column) => `b.${identifier(column)}`),
    ...extra.map((column) => `a.${identifier(column)}`),
    'coalesce(b._line, a._line) AS _line',
    'coalesce(b._file, a._file) AS _file',
  ];
  const match = about.shared
    .map((column) => `b.${identifier(column)} IS NOT DISTINCT FROM a.${identifier(column)}`)
    .join(' AND ');
  await connection.run(
    `CREATE TABLE ${about.table} AS SELECT ${picked.join(', ')}
     FROM ${base.table} b ${full ? 'FULL' : 'LEFT'} JOIN ${added.table} a ON ${match}`,
  );
  if (full) return { repair: 'joined-files', count: 1 };
  const [[lost]] = (
    await connection.runAndReadAll(
      `SELECT count(*) FROM ${added.table} a WHERE NOT EXISTS (SELECT 1 FROM ${base.table} b WHERE ${match})`,
    )
  ).getRows();
  return {
    repair: Number(lost) > 0 ? 'joined-files-with-rows-left-over' : 'joined-files',
    count: Math.max(1, Number(lost)),
  };
}

type Group = { table: string; columns: string[] };
