/** What the expectations judge: counts and extremes of one snapshot, gathered once; plain values only. */
export interface Measurements {
  /** Where every row that was read ended up; the five parts sum to `read`. */
  counts: Accounting;
  /** Rows of the hour that local time repeats in autumn, averaged with their twins; among the collapsed. */
  autumn: number;
  /** Reasons of quarantine and of setting aside, most frequent first. */
  quarantine: Counted[];
  setAside: Counted[];
  /** Null cells of the columns that a row cannot do without (date, tract, target). */
  nulls: { column: string; role: string; cells: number; nulls: number; examples: string[] }[];
  /** Keys that appear more than once with different values. */
  conflicts: { keys: number; rows: number; examples: string[] };
  /** Cells that are no number in columns that should hold numbers. */
  unreadable: { column: string; role: string; cells: number; bad: number; examples: string[] }[];
  /** Cells outside what can be, by column; they are masked, not fatal by themselves. */
  outside: {
    column: string;
    role: string;
    rule: string;
    cells: number;
    outside: number;
    examples: string[];
  }[];
  /** Pairs of columns where one cannot exceed the other. */
  exceeds: { rule: string; cells: number; exceeding: number; examples: string[] }[];
  futureRows: { rows: number; latest: string | null };
  calendar: Calendar;
  totals: TotalFalls[];
  levels: LevelShift[];
  tracts: { count: number; short: { id: string; name: string; steps: number }[] };
  firstTime: string | null;
  lastTime: string | null;
}

export interface Accounting {
  /** Rows of the file(s), rejected lines included. */
  read: number;
  accepted: number;
  /** Exact repeats folded into the row they repeat. */
  collapsed: number;
  /** Totals and unassigned rows: no places, kept out of the models. */
  setAside: number;
  quarantined: number;
  /** Lines the reader could not split into cells. */
  rejected: number;
}

export interface Counted {
  reason: string;
  count: number;
  examples: string[];
}

export interface Calendar {
  step: 'hour' | 'day' | 'week' | 'month';
  /** Steps between first and last at which no tract at all has a row; weekdays that are never published left out. */
  missing: number;
  examples: string[];
  /** Tracts with steps missing between their own first and last, beyond those missing for all. */
  worst: { id: string; name: string; missing: number; first: string }[];
}

export interface TotalFalls {
  column: string;
  /** Steps with a value before and after. */
  steps: number;
  falls: number;
  /** Falls of at least 5 % of the level, which no repair explains. */
  deep: number;
  /** Cells masked because the series left its level and came back. */
  masked: number;
  examples: string[];
}

/** A series that changed its level for good, over all tracts at once. */
export interface LevelShift {
  column: string;
  /** First week at the new level. */
  at: string;
  /** Level after / level before, median over tracts. */
  ratio: number;
  /** Shift in units of the series' own weekly noise. */
  score: number;
  tracts: number;
  /** Proof beyond the jump itself. */
  evidence?: string;
}
