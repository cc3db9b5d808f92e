import type { DuckDBConnection } from '@duckdb/node-api';

/** Names of a table's columns, without `_line`. */
export async function columnsOf(connection: DuckDBConnection, table: string): Promise<string[]> {
  const described = await connection.runAndReadAll(`SELECT column_name FROM (DESCRIBE ${table})`);
  return described
    .getRows()
    .map(([column]) => String(column))
    .filter((column) => column !== '_line');
}
