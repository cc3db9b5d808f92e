import type { BenchPart, BenchTable } from './table.ts';

/** The parts, in the order of the issue; each can be run alone: `npm run bench -- serve forecast`. */
const PARTS: Record<string, () => Promise<BenchPart>> = {
  forecast: async () => (await import('./serve/forecast.ts')).benchForecast(),
  predict: async () => (await import('./serve/predict.ts')).benchPredict(),
  swaps: async () => (await import('./swaps.ts')).benchSwaps(),
  coordinates: async () => (await import('./serve/coordinates.ts')).benchCoordinates(),
  size: async () => (await import('./service-size.ts')).benchService(),
};

/** @param wanted names of parts; none: all */
export async function run(wanted: string[] = []): Promise<BenchTable> {
  const unknown = wanted.filter((name) => !Object.hasOwn(PARTS, name));
  if (unknown.length > 0) {
    throw new Error(`serve has no part ${unknown.join(', ')}; it has ${Object.keys(PARTS).join(', ')}`);
  }
  const table: BenchTable = {
    title: 'The service',
    columns: ['figure', 'perennial', 'asked', 'peer'],
    rows: [],
    notes: [],
  };
  for (const name of wanted.length > 0 ? wanted : Object.keys(PARTS)) {
    process.stderr.write(`  serve ${name} …\n`);
    const { rows, notes } = await PARTS[name]();
    table.rows.push(...rows);
    table.notes.push(...notes);
  }
  return table;
}
