import { nameLikeness } from './match-names.ts';
import {
  agreement,
  type Column,
  commonFactor,
  decodeSample,
  levelDistance,
  type Pairs,
  pairs,
  rankCorrelation,
} from './samples.ts';

export interface Rename {
  from: Column;
  to: Column;
  score: number;
  evidence: string;
}

const ENOUGH = 0.6;

/** Which of the columns that are gone came back under another name. Names are one witness, roles another; values
 *  of the same rows weigh most. Best pairs first, each column once.
 *  @param before all columns of the accepted schema
 *  @param after all columns of the new snapshot */
export function matchRenames(before: readonly Column[], after: readonly Column[]): Rename[] {
  const names = { before: new Set(before.map(name)), after: new Set(after.map(name)) };
  const gone = before.filter((column) => !names.after.has(column.name));
  const fresh = after.filter((column) => !names.before.has(column.name));
  if (gone.length === 0 || fresh.length === 0) return [];
  const kept = before.flatMap((from) => {
    const to = after.find((column) => column.name === from.name);
    return to ? [{ from, to }] : [];
  });
  // Stocks first: a column that is the daily change of a renamed stock is only recognised once the stock is.
  const first = best(gone, fresh, (from, to) => likeness(from, to));
  const stocks = [...kept, ...first];
  return best(gone, fresh, (from, to) => withChanges(likeness(from, to), from, to, stocks));
}

interface Likeness {
  score: number;
  evidence: string[];
}

function best(
  gone: readonly Column[],
  fresh: readonly Column[],
  judge: (from: Column, to: Column) => Likeness,
): Rename[] {
  const candidates = gone
    .flatMap((from) => fresh.map((to) => ({ from, to, ...judge(from, to) })))
    .filter(({ score }) => score >= ENOUGH)
    .sort((a, b) => b.score - a.score);
  const taken = new Set<Column>();
  const renames: Rename[] = [];
  for (const { from, to, score, evidence } of candidates) {
    if (taken.has(from) || taken.has(to)) continue;
    taken.add(from).add(to);
    renames.push({ from, to, score, evidence: evidence.join('; ') });
  }
  return renames;
}

function likeness(from: Column, to: Column): Likeness {
  if (!comparable(from, to)) return { score: 0, evidence: [] };
  const names = nameLikeness(from.name, to.name);
  const sameRole = from.role === to.role;
  const roles = sameRole ? (from.role === 'other' ? 0.5 : 1) : 0;
  const values = sameValues(from, to);
  const evidence = [
    ...(values ? [values.evidence] : []),
    `names ${Math.round(names * 100)} % alike`,
    ...(roles === 1 ? [`both ${from.role}`] : []),
  ];
  if (values?.proof) return { score: 0.9 + 0.1 * names, evidence };
  const score = values ? 0.5 * values.score + 0.3 * names + 0.2 * roles : 0.65 * names + 0.35 * roles;
  return { score: values && values.score < 0.2 ? score / 2 : score, evidence };
}

/** null: the two have no rows in common to compare, or rows that say nothing. */
function sameValues(from: Column, to: Column): { score: number; proof: boolean; evidence: string } | null {
  const cells = pairs(decodeSample(from, 'cells'), decodeSample(to, 'cells'));
  if (cells.before.length >= 5 && varied(cells)) {
    const same = agreement(cells);
    const factor = same < 0.5 ? commonFactor(cells) : null;
    if (factor !== null)
      return { score: 0.9, proof: false, evidence: `values of the same rows × ${factor.toPrecision(3)}` };
    return {
      score: same,
      proof: same >= 0.95,
      evidence: `${Math.round(same * 100)} % of ${cells.before.length} sampled values equal`,
    };
  }
  const last = pairs(decodeSample(from, 'last'), decodeSample(to, 'last'));
  if (last.before.length < 5 || !varied(last)) return null;
  const same = agreement(last);
  if (same >= 0.9)
    return {
      score: 1,
      proof: true,
      evidence: `${Math.round(same * 100)} % of ${last.before.length} tracts have equal values`,
    };
  if (from.type === 'text')
    return { score: same, proof: false, evidence: `${Math.round(same * 100)} % of tracts have equal values` };
  const rank = rankCorrelation(last);
  if (Number.isNaN(rank)) return null;
  return {
    score: Math.max(0, rank) * Math.exp(-levelDistance(last)),
    proof: false,
    evidence: `rank correlation over ${last.before.length} tracts ${rank.toFixed(2)}`,
  };
}

/** Daily changes look alike whatever they are changes of; what tells them apart is the stock they add up to. */
function withChanges(
  judged: Likeness,
  from: Column,
  to: Column,
  stocks: readonly { from: Column; to: Column }[],
): Likeness {
  if (judged.score === 0) return judged;
  const stock = stocks.find(({ from: was, to: is }) => is !== to && was !== from && isChangeOf(to, was, is));
  if (!stock) return judged;
  const ofSameStock = nameLikeness(from.name, stock.from.name) >= 0.5;
  if (ofSameStock && stock.to.role !== 'total_cases') {
    const why = `equals the change of ${stock.to.name}${stock.from.name === stock.to.name ? '' : `, formerly ${stock.from.name}`}`;
    return { score: Math.min(1, Math.max(0.7, judged.score + 0.4)), evidence: [why, ...judged.evidence] };
  }
  // What is negative in many tracts was no count of new cases, so it cannot be the change of a running total.
  const signed = Number(from.stats.negative ?? 0) >= 0.05;
  return signed && stock.to.role === 'total_cases' ? { ...judged, score: judged.score / 2 } : judged;
}

function isChangeOf(flow: Column, was: Column, is: Column): boolean {
  const change = decodeSample(flow, 'last');
  const [earlier, later] = [decodeSample(was, 'last'), decodeSample(is, 'last')];
  let [compared, equal] = [0, 0];
  for (const [key, value] of change) {
    const [a, b] = [earlier.get(key), later.get(key)];
    if (!a || !b || value === '') continue;
    compared++;
    if (Number(b) - Number(a) === Number(value) && a !== b) equal++;
  }
  return compared >= 5 && equal / compared >= 0.8;
}

export function comparable(from: Column, to: Column): boolean {
  const kind = (type: Column['type']) => (type === 'integer' ? 'number' : type);
  return kind(from.type) === kind(to.type) || from.type === 'empty' || to.type === 'empty';
}

function varied({ before, after }: Pairs): boolean {
  return new Set(before).size >= 3 && new Set(after).size >= 3;
}

function name(column: Column): string {
  return column.name;
}
