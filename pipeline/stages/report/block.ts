/** A piece of the comment that stands or falls as a whole: never cut inside a table, a fence or a fold. */
export interface Block {
  /** What it is called where it had to be left out. */
  part: Part;
  /** Markdown without empty lines at its ends; empty: nothing to say. */
  text: string;
}

export const PARTS = [
  'verdict',
  'notes',
  'numbers',
  'rules',
  'data',
  'parameters',
  'lineage',
  'charts',
  'map',
  'slices',
] as const;
export type Part = (typeof PARTS)[number];

/** What goes first where there is no room, and of it the last model's first. The verdict never goes this way. */
export const LEAST_NEEDED_FIRST: Part[] = [
  'slices',
  'map',
  'charts',
  'parameters',
  'data',
  'rules',
  'lineage',
  'numbers',
  'notes',
];

/** A fold. Without the empty lines the host shows what is inside as text.
 *  @param summary Markdown is not read in it: words of ours alone */
export function fold(summary: string, inside: string, { open = false } = {}): string {
  return `<details${open ? ' open' : ''}>\n<summary>${summary}</summary>\n\n${inside}\n\n</details>`;
}

/** A fenced block that nothing inside can end. */
export function fence(language: string, inside: string): string {
  const longest = Math.max(2, ...(inside.match(/`+/g) ?? []).map((run) => run.length));
  const bar = '`'.repeat(longest + 1);
  return `${bar}${language}\n${inside}\n${bar}`;
}
