import { type DuckDBConnection, DuckDBInstance, type DuckDBVector } from '@duckdb/node-api';

/** An in-process DuckDB that is closed again whatever happens; bounded in threads and memory. */
export async function withDuckDB<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '1200MB' });
  const connection = await instance.connect();
  try {
    await connection.run("set timezone = 'UTC'");
    return await work(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Streams a query's chunks; rows are never held as objects, so millions of them stay cheap.
 *  @param visit called per chunk with its column vectors and number of rows */
export async function streamColumns(
  connection: DuckDBConnection,
  sql: string,
  visit: (columns: DuckDBVector[], rows: number) => void,
): Promise<void> {
  const result = await connection.stream(sql);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) return;
    const columns: DuckDBVector[] = [];
    for (let i = 0; i < chunk.columnCount; i++) columns.push(chunk.getColumnVector(i));
    visit(columns, chunk.rowCount);
  }
}

/** A SQL string literal. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A SQL identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
