/** What every bench hands back: `npm run bench` prints it and writes it to bench/README.md. */
export interface BenchTable {
  title: string;
  columns: string[];
  rows: string[][];
  /** How it was measured, and against what. */
  notes: string[];
}

/** A part of a bench whose parts can be run alone; rows are figure, perennial, asked, peer. */
export interface BenchPart {
  rows: [figure: string, ours: string, asked: string, peer: string][];
  notes: string[];
}

export const tick = (reached: boolean) => (reached ? '✓' : '✗');

export function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
