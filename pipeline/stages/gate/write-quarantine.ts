import { appendFile, mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { stringifyCell } from './csv-cell.ts';
import type { RawTable } from './read-table.ts';
import { identifier, literal } from './sql.ts';

/** More bad rows than this are a bad file: the snapshot itself is the better place to look. */
export const MAX_QUARANTINED = 100_000;

/** Columns of ours in front of the source's own. */
export const QUARANTINE_COLUMNS = [
  'quarantine_reason',
  'quarantine_file',
  'quarantine_line',
  'quarantine_text',
] as const;
const [REASON, FILE, LINE, TEXT] = QUARANTINE_COLUMNS;

/** Writes the bad rows of a snapshot, as they came, with why: CSV, whole or not at all. No bad rows, no file.
 *  Lines the reader could not split have their text in `quarantine_text` and no cells.
 *  @returns the number of rows written */
export async function writeQuarantine(raw: RawTable, path: string): Promise<number> {
  const own = raw.columns.filter((name) => !isOurs(name)).map(identifier);
  // Rows on their second try bring the line they first stood on with them.
  const origin = raw.columns.includes(LINE)
    ? `r.${FILE}, r.${LINE}`
    : `r._file AS ${FILE}, r._line AS ${LINE}`;
  const rows = `SELECT ${[`q.reason AS ${REASON}`, origin, `NULL AS ${TEXT}`, ...own].join(', ')}
    FROM quarantine q JOIN raw r USING (_file, _line) ORDER BY r._file, r._line LIMIT ${MAX_QUARANTINED}`;
  const [bad] = (await raw.connection.runAndReadAll('SELECT count(*) FROM quarantine')).getRows()[0];
  if (Number(bad) === 0 && raw.rejects.length === 0) {
    await rm(path, { force: true });
    return 0;
  }
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.writing`;
  try {
    await raw.connection.run(`COPY (${rows}) TO ${literal(temporary)} (FORMAT csv, HEADER, DELIMITER ',')`);
    const rejects = raw.rejects.slice(0, MAX_QUARANTINED);
    if (rejects.length > 0) {
      const blanks = ','.repeat(own.length);
      const lines = rejects.map(
        ({ reason, line, text }) =>
          `${stringifyCell(reason)},0,${line ?? ''},${stringifyCell(text)}${blanks}`,
      );
      await appendFile(temporary, `${lines.join('\n')}\n`);
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return Math.min(Number(bad), MAX_QUARANTINED) + Math.min(raw.rejects.length, MAX_QUARANTINED);
}

export function isOurs(column: string): boolean {
  return (QUARANTINE_COLUMNS as readonly string[]).includes(column);
}
