import type { Overview } from '../data.ts';

/** What each tract is called: its name, with its id where others have the same one. */
export function labelsOf({ id, name }: Pick<Overview['tracts'], 'id' | 'name'>): string[] {
  const times = new Map<string, number>();
  for (const one of name) times.set(one, (times.get(one) ?? 0) + 1);
  return name.map((one, at) => (times.get(one)! > 1 ? `${one} (${id[at]})` : one));
}

/** The tract that a person means by a text: its label, its id, or the one name that begins so or holds it.
 *  @returns several where the text fits several */
export function tractsCalled(text: string, labels: string[], ids: string[]): number[] {
  const wanted = text.trim().toLocaleLowerCase();
  if (wanted === '') return [];
  const all = labels.map((label) => label.toLocaleLowerCase());
  const tries: ((label: string, at: number) => boolean)[] = [
    (label, at) => label === wanted || ids[at].toLocaleLowerCase() === wanted,
    (label) => label.startsWith(wanted),
    (label) => label.includes(wanted),
  ];
  for (const fits of tries) {
    const found = all.flatMap((label, at) => (fits(label, at) ? [at] : []));
    if (found.length > 0) return found;
  }
  return [];
}
