import type { DuckDBConnection } from '@duckdb/node-api';
import { findDateForm } from './dates.ts';
import { nameMeaning } from './name-words.ts';
import type { ReadPart } from './read-table.ts';
import { identifier, literal } from './sql.ts';

const LEAST = 3;

/**
 * A layout with one column per date (Johns Hopkins' series) becomes one row per place and date.
 * @param index number of the file where there are several: their values get names of their own
 * @param label the file's name, which often says what the numbers are
 */
export async function meltDates(
  connection: DuckDBConnection,
  name: string,
  part: ReadPart,
  index: number | null,
  label: string,
): Promise<void> {
  // R writes `X1.22.20` for `1/22/20`.
  const plain = (column: string) => (/^X\d/.test(column) ? column.slice(1).replaceAll('.', '/') : column);
  const form = findDateForm(part.columns.map(plain), 0.3)?.form;
  if (!form?.strict) return;
  const dates = part.columns.filter((column) => form.pattern.test(plain(column)));
  if (dates.length < LEAST) return;
  const kept = part.columns.filter((column) => !dates.includes(column));
  const taken = new Set(kept.map((column) => column.toLowerCase()));
  const free = (wanted: string) => (taken.has(wanted) ? `${wanted}_melted` : wanted);
  const date = free('date');
  const value = free(valueName(label) ?? (index === null ? 'value' : `value_${index + 1}`));
  const keys = kept.map((column) => `${identifier(column)}, `).join('');
  await connection.run(
    `CREATE TABLE ${name}_long AS
       SELECT ${keys}${dates[0] === plain(dates[0]) ? '"_date"' : `replace("_date"[2:], '.', '/')`} AS ${identifier(date)},
         "_value" AS ${identifier(value)}, _line
       FROM ${name} UNPIVOT INCLUDE NULLS ("_value" FOR "_date" IN (${dates.map(identifier).join(', ')}))`,
  );
  part.columns = [...kept, date, value];
  part.table = `${name}_long`;
  part.repairs.push({
    repair: 'dates-in-columns',
    count: dates.length,
    examples: [`${literal(dates[0])} … ${literal(dates[dates.length - 1])} → one row each`],
  });
}

function valueName(label: string): string | null {
  const { concepts } = nameMeaning(label.split(/[/\\]/).at(-1) ?? '');
  const told = (['deaths', 'recovered', 'intensive', 'hospital', 'tests', 'cases'] as const).find((concept) =>
    concepts.has(concept),
  );
  return told ?? null;
}
