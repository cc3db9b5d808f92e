import { readFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { markdownTable } from 'markdown-table';
import { writeWhole } from '../pipeline/files.ts';
import { REPOSITORY } from '../pipeline/workspace.ts';
import type { BenchTable } from './table.ts';

/** Each bench measures us beside a peer in one run. `npm run bench -- NAME…` takes some, without names all; `serve PART…` takes
 *  some parts of that one, prints them, and leaves the page as it is. */
const BENCHES: Record<string, () => Promise<{ run(parts?: string[]): Promise<BenchTable> }>> = {
  accuracy: () => import('./accuracy.ts'),
  lstm: () => import('./lstm.ts'),
  tables: () => import('./tables.ts'),
  start: () => import('./start.ts'),
  decision: () => import('./decision.ts'),
  judge: () => import('./judge.ts'),
  homes: () => import('./homes.ts'),
  'homes-objects': () => import('./homes-objects.ts'),
  registrations: () => import('./registrations.ts'),
  'run-logging': () => import('./run-logging.ts'),
  serve: () => import('./serve.ts'),
  page: () => import('./page.ts'),
};

const given = process.argv.slice(2);
const parts = given[0] === 'serve' ? given.slice(1) : [];
const asked = parts.length > 0 ? ['serve'] : given;
const unknown = asked.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  process.stderr.write(
    `there is no bench ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}\n`,
  );
  process.exit(2);
}
const page = join(REPOSITORY, 'bench', 'README.md');
for (const name of asked.length > 0 ? asked : Object.keys(BENCHES)) {
  process.stderr.write(`bench ${name} …\n`);
  const table = await (await BENCHES[name]()).run(parts);
  const text = render(table);
  process.stdout.write(`${text}\n`);
  if (parts.length === 0) await writeWhole(page, replaceSection(await readFile(page, 'utf8'), name, text));
}

function render({ title, columns, rows, notes }: BenchTable): string {
  const align = columns.map((_, index) => (index === 0 ? 'l' : 'r'));
  return [
    `## ${title}`,
    '',
    markdownTable([columns, ...rows], { align }),
    '',
    ...notes.map((note) => `- ${note}`),
    `- Measured ${new Date().toISOString().slice(0, 10)} on ${machine()}.`,
    '',
  ].join('\n');
}

function machine(): string {
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} cores (${cpus()[0].model.trim()}), ${memory} GiB, Node ${process.versions.node}, ${process.platform} ${process.arch}`;
}

/** Each bench owns the part of the page between its two marks. */
function replaceSection(text: string, name: string, section: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = text.indexOf(open);
  const to = text.indexOf(close);
  if (from < 0 || to < from) return `${text.trimEnd()}\n\n${open}\n${section}\n${close}\n`;
  return `${text.slice(0, from + open.length)}\n${section}\n${text.slice(to)}`;
}
