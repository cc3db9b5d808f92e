import type { DuckDBConnection } from '@duckdb/node-api';
import type { Counted } from './measurements.ts';
import type { RawTable } from './read-table.ts';
import { identifier, literal } from './sql.ts';
import type { NumberColumn, TablePlan } from './table-plan.ts';

/**
 * Makes three tables beside `raw`:
 * `tracts` (tract INTEGER, id VARCHAR), `typed` (tract, time TIMESTAMP, one DOUBLE a measure and age band, _file,
 * _line) with the rows that can be used, and `quarantine` (_file, _line, reason) with those that cannot.
 */
export async function typeRows(raw: RawTable, plan: TablePlan, options: { now: Date }): Promise<void> {
  const { connection } = raw;
  const numbers = [...plan.measures, ...plan.bands];
  await connection.run(
    `CREATE OR REPLACE TABLE tracts AS SELECT row_number() OVER (ORDER BY id)::INTEGER AS tract, id
       FROM (SELECT DISTINCT ${plan.tract} AS id FROM raw) WHERE id IS NOT NULL`,
  );
  const columns = numbers.map(({ name, number }) => `${number} AS ${identifier(name)}`);
  // Why a cell is no number is asked later, of the few rows that have such cells: asking all rows costs seconds.
  const odd = numbers.map(
    ({ column, number }) => `(${number}) IS NULL AND ${identifier(column)} IS NOT NULL`,
  );
  await connection.run(
    `CREATE OR REPLACE TABLE typed AS
       SELECT t.tract, r.* EXCLUDE (id) FROM (
         SELECT ${plan.tract} AS id, ${[`${plan.time} AS time`, ...columns].join(', ')},
           ${odd.length > 0 ? odd.join(' OR ') : 'false'} AS odd, _file, _line FROM raw) r LEFT JOIN tracts t USING (id)
       ORDER BY tract, time`,
  );
  const latest = new Date(options.now.getTime() + 86_400_000).toISOString().replace('Z', '');
  const unusable = `tract IS NULL OR time IS NULL OR time > TIMESTAMP '${latest}'`;
  await connection.run(
    `CREATE OR REPLACE TABLE quarantine AS SELECT * FROM (
       SELECT _file, _line, concat_ws('; ', nullif(${reasonSql(plan, numbers)}, ''),
         CASE WHEN time > TIMESTAMP '${latest}' THEN '${FUTURE}' END) AS reason
       FROM (SELECT tract, time, _file, _line FROM typed WHERE odd OR ${unusable}) JOIN raw USING (_file, _line)
     ) WHERE reason <> ''`,
  );
  if ((await count(connection, 'SELECT count(*) FROM quarantine')) > 0) {
    await connection.run(
      'DELETE FROM typed USING quarantine q WHERE typed._file = q._file AND typed._line = q._line',
    );
  }
  await connection.run('ALTER TABLE typed DROP odd');
}

/** Reasons that other parts count by. */
export const FUTURE = 'date in the future';
export const NO_DATE = 'no date';
export const NO_TRACT = 'no tract';

/** Folds rows that repeat one another; rows of one key that differ all go to quarantine, for none is known to be right.
 *  @returns how many rows were folded away, and the keys that contradict themselves */
export async function collapseRepeats(
  connection: DuckDBConnection,
  plan: TablePlan,
): Promise<{
  collapsed: number;
  autumn: number;
  conflicts: { keys: number; rows: number; examples: string[] };
}> {
  const none = { collapsed: 0, autumn: 0, conflicts: { keys: 0, rows: 0, examples: [] } };
  const autumn = plan.step === 'hour' ? await foldAutumnHour(connection, plan) : 0;
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE repeats AS SELECT tract, time FROM typed GROUP BY ALL HAVING count(*) > 1`,
  );
  if ((await count(connection, 'SELECT count(*) FROM repeats')) === 0)
    return { ...none, collapsed: autumn, autumn };
  const values = [...plan.measures, ...plan.bands].map(({ name }) => identifier(name));
  // Without any measure nothing says that two rows are the same.
  const whole = values.length > 0 ? `count(DISTINCT hash(${values.join(', ')}))` : 'count(*)';
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE repeated AS
       SELECT tract, time, _file, _line, kinds, row_number() OVER (PARTITION BY tract, time ORDER BY _file, _line) AS nth
       FROM typed JOIN repeats USING (tract, time)
       JOIN (SELECT tract, time, ${whole} AS kinds FROM typed JOIN repeats USING (tract, time) GROUP BY ALL) USING (tract, time)`,
  );
  await connection.run(
    `INSERT INTO quarantine SELECT _file, _line, 'contradicts another row of the same tract and time' FROM repeated WHERE kinds > 1`,
  );
  const collapsed = await count(connection, 'SELECT count(*) FROM repeated WHERE kinds = 1 AND nth > 1');
  const rows = await count(connection, 'SELECT count(*) FROM repeated WHERE kinds > 1');
  const keys = await count(connection, 'SELECT count(*) FROM repeated WHERE kinds > 1 AND nth = 1');
  const examples = await texts(
    connection,
    `SELECT any_value(id) || ' ' || strftime(time, '%Y-%m-%d %H:%M') || ': lines ' || array_to_string(list_slice(list(_line ORDER BY _line), 1, 4), ', ') || CASE WHEN count(*) > 4 THEN ' and ' || (count(*) - 4) || ' more' ELSE '' END
       FROM repeated JOIN tracts USING (tract) WHERE kinds > 1 GROUP BY tract, time ORDER BY min(_line) LIMIT 5`,
  );
  await connection.run(
    `DELETE FROM typed USING repeated d WHERE typed._file = d._file AND typed._line = d._line AND (d.kinds > 1 OR d.nth > 1)`,
  );
  return { collapsed: collapsed + autumn, autumn, conflicts: { keys, rows, examples } };
}

/** Local time has one hour twice on the night summer time ends: two rows become their mean.
 *  Such an hour is between midnight and three, on a Sunday, two rows a tract, and never on more than two days a year. */
async function foldAutumnHour(connection: DuckDBConnection, plan: TablePlan): Promise<number> {
  const values = [...plan.measures, ...plan.bands].map(({ name }) => identifier(name));
  if (values.length === 0) return 0;
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE autumn AS
       SELECT tract, time, min(_line) AS keep, min(_file) AS file, ${values.map((cell) => `avg(${cell}) AS ${cell}`).join(', ')}
       FROM typed WHERE dayofweek(time) = 0 AND hour(time) <= 3 AND month(time) IN (3, 4, 10, 11)
       GROUP BY tract, time HAVING count(*) = 2 AND count(DISTINCT minute(time)) = 1`,
  );
  const [[rows, days, years]] = (
    await connection.runAndReadAll(
      `SELECT count(*), count(DISTINCT time::DATE), (SELECT count(DISTINCT year(time)) FROM typed) FROM autumn`,
    )
  ).getRows();
  if (Number(rows) === 0 || Number(days) > Number(years)) return 0;
  await connection.run(
    `UPDATE typed SET ${values.map((cell) => `${cell} = a.${cell}`).join(', ')} FROM autumn a
       WHERE typed.tract = a.tract AND typed.time = a.time AND typed._line = a.keep AND typed._file = a.file;
     DELETE FROM typed USING autumn a
       WHERE typed.tract = a.tract AND typed.time = a.time AND NOT (typed._line = a.keep AND typed._file = a.file)`,
  );
  return Number(rows);
}

/** Reasons of quarantine with their lines, most frequent first. */
export async function quarantineReasons(connection: DuckDBConnection): Promise<Counted[]> {
  const read = await connection.runAndReadAll(
    `SELECT reason, count(*)::INTEGER AS n, list_slice(list(_line ORDER BY _line), 1, 5)::VARCHAR[] AS lines
       FROM quarantine GROUP BY reason ORDER BY n DESC, reason LIMIT 50`,
  );
  return read.getRowObjects().map(({ reason, n, lines }) => ({
    reason: String(reason),
    count: Number(n),
    examples: (lines as { items: string[] }).items.map((line) => `line ${line}`),
  }));
}

export async function count(connection: DuckDBConnection, sql: string): Promise<number> {
  return Number((await connection.runAndReadAll(sql)).getRows()[0][0]);
}

export async function texts(connection: DuckDBConnection, sql: string): Promise<string[]> {
  return (await connection.runAndReadAll(sql)).getRows().map(([text]) => String(text));
}

/** Everything that is wrong with a row, over `raw` and the row's typed tract and time. */
function reasonSql(plan: TablePlan, numbers: readonly NumberColumn[]): string {
  const parts = numbers.map(
    ({ column, unreadable }) => `CASE WHEN ${unreadable} THEN ${literal(notNumber(column))} END`,
  );
  const cells = plan.dateColumns.map((column) => `coalesce(trim(${identifier(column)}), '')`).join(' || ');
  parts.push(
    plan.dateColumns.length > 0
      ? `CASE WHEN time IS NULL THEN CASE WHEN ${cells} = '' THEN '${NO_DATE}' ELSE 'date cannot be read' END END`
      : `'${NO_DATE}'`,
    `CASE WHEN tract IS NULL THEN '${NO_TRACT}' END`,
  );
  return `concat_ws('; ', ${parts.join(', ')})`;
}

export function notNumber(column: string): string {
  return `${column} is no number`;
}
