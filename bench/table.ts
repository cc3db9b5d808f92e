/** What every bench hands back: `npm run bench` prints it and writes it to bench/README.md. */
export interface BenchTable {
  title: string;
  columns: string[];
  rows: string[][];
  /** How it was measured, and against what. */
  notes: string[];
}
