import { markdownTable } from 'markdown-table';
import type { Item } from './part.ts';

const KINDS: Record<Item['kind'], string> = {
  version: 'version',
  run: 'run',
  objects: 'data',
  image: 'image',
};
const SHOWN = 3;

/** What goes and what stays, and why; things of one kind with one reason share a line. */
export function pruneTable(items: Item[]): string {
  const rows = grouped(items).map(({ first, names, bytes }) => [
    first.goes ? 'goes' : 'stays',
    KINDS[first.kind],
    first.model ?? '',
    namesOf(names),
    bytes === null ? '' : sizeOf(bytes),
    first.why,
  ]);
  return markdownTable([['', 'what', 'model', 'name', 'size', 'why'], ...rows]);
}

/** One sentence. */
export function pruneSummary(items: Item[], applied: boolean): string {
  const going = items.filter(({ goes }) => goes);
  if (going.length === 0) return 'Nothing goes: all that is there is needed.';
  const count = (kind: Item['kind']) =>
    going.filter((item) => item.kind === kind).reduce((sum, item) => sum + item.count, 0);
  const parts = (['version', 'run', 'image'] as const).map((kind) => [count(kind), KINDS[kind]] as const);
  const bytes = going.reduce((sum, item) => sum + (item.bytes ?? 0), 0);
  const told = [
    ...parts.filter(([n]) => n > 0).map(([n, what]) => `${n} ${what}${n === 1 ? '' : 's'}`),
    ...(count('objects') > 0 ? [`${count('objects')} objects of the remote (${sizeOf(bytes)})`] : []),
  ].join(', ');
  return applied ? `Removed: ${told}.` : `Would go: ${told}. Nothing was removed; --apply removes it.`;
}

function grouped(items: Item[]) {
  const groups = new Map<string, { first: Item; names: string[]; bytes: number | null }>();
  for (const item of [...items].sort((a, b) => Number(b.goes) - Number(a.goes))) {
    const key = JSON.stringify([item.kind, item.model, item.goes, item.why]);
    const group = groups.get(key);
    if (group) group.names.push(item.name);
    else groups.set(key, { first: item, names: [item.name], bytes: item.bytes });
  }
  return [...groups.values()];
}

function namesOf(names: string[]): string {
  const shown = names.slice(0, SHOWN).join(', ');
  return names.length > SHOWN ? `${shown} and ${names.length - SHOWN} more` : shown;
}

function sizeOf(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}
