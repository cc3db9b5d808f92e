import type { PullReport } from '../../contracts/pull-report.ts';
import { escapeMarkdown, visibleLine } from '../../metrics/escape-markdown.ts';
import { type Block, fence, LEAST_NEEDED_FIRST, type Part } from './block.ts';
import { headline, overview, reasonModel, worstFirst } from './headline.ts';
import { link } from './link.ts';
import { writeMarkers, writtenMoment } from './markers.ts';
import { modelSection } from './model-section.ts';

/** The host takes 65,536 characters. UTF-8 bytes are never fewer than characters or UTF-16 units, so a text of fewer
 *  bytes fits however they are counted. */
export const COMMENT_BYTES = 65_000;
/** Of 1 MiB that a step's summary may have. */
const SUMMARY_BYTES = 1_000_000;

/** One map, and all maps of one comment. */
const MAP_BYTES = 12_000;
const ALL_MAPS_BYTES = 30_000;

const MOST_NOTES = 10;
const MOST_COMMANDS = 20;

/** The comment of a pull request: the verdict, then a section a model. Whatever names and values it is told from,
 *  the Markdown is ours alone; where there is no room, whole parts go, and the text says which.
 *  @param slot which of several reports of one pull request; '' is the repository's own */
export function commentText(report: PullReport, { slot = '' } = {}): string {
  const markers = writeMarkers({ slot, run: report.run });
  return `${markers}\n\n${fitted(report, COMMENT_BYTES - Buffer.byteLength(markers) - 2)}`;
}

/** The same for the summary of a workflow's job, where there is more room. */
export function summaryText(report: PullReport): string {
  return fitted(report, SUMMARY_BYTES);
}

/** Nobody reads more of them, and all of them have a line in the table. */
const MOST_SECTIONS = 60;
const BETWEEN = '\n\n';

type Left = Part | 'sections';
/** As if all had to go: the most that the words about it can take. */
const ALL_LEFT = new Set<Left>([...LEAST_NEEDED_FIRST, 'sections']);

function fitted(report: PullReport, limit: number): string {
  const models = worstFirst(report.models);
  const told = reasonModel(report);
  const withMap = models.filter(({ places }) => places !== null).length;
  const mapBudget = Math.min(MAP_BYTES, Math.floor(ALL_MAPS_BYTES / Math.max(1, withMap)));
  const blocks = models
    .slice(0, MOST_SECTIONS)
    .flatMap((model, section) =>
      modelSection(model, { mapBudget, reasonAbove: model === told }).map((block) => ({ ...block, section })),
    );
  const leftOut = new Set<Left>(models.length > MOST_SECTIONS ? ['sections'] : []);
  const fewer = Array.from({ length: 12 }, (_, i) => Math.ceil(models.length / 2 ** i));
  // Hundreds of models: the worst of them, and how many more there are.
  const most = fewer.find((n) => bytes(around(report, ALL_LEFT, n).join('')) <= limit - 200) ?? 1;
  let room = limit - bytes(around(report, ALL_LEFT, most).join(BETWEEN)) - 2 * BETWEEN.length;
  for (const { text } of blocks) room -= bytes(text) + BETWEEN.length;

  const dropped = new Set<Block>();
  const drop = (part: Left, droppable: (block: Block) => boolean) => {
    for (const block of blocks.toReversed()) {
      if (room >= 0) return;
      if (dropped.has(block) || !droppable(block)) continue;
      dropped.add(block);
      leftOut.add(part);
      room += bytes(block.text) + BETWEEN.length;
    }
  };
  for (const part of LEAST_NEEDED_FIRST) drop(part, (block) => block.part === part);
  drop('sections', () => true);

  const [head, foot] = [around(report, leftOut, most), [footer(report)]];
  const body = blocks.filter((block) => !dropped.has(block)).map(({ text }) => text);
  return `${[...head.slice(0, -1), ...body, ...foot].join(BETWEEN)}\n`;
}

/** What stands above the sections and below them. */
function around(report: PullReport, leftOut: Set<Left>, most: number): string[] {
  return [
    headline(report),
    report.models.length > 1 ? overview(report.models, most) : '',
    generalNotes(report),
    commands(report),
    shortened(report, leftOut),
    footer(report),
  ].filter(Boolean);
}

function bytes(text: string): number {
  return Buffer.byteLength(text);
}

function generalNotes({ notes }: PullReport): string {
  const lines = notes.slice(0, MOST_NOTES).map((note) => `- ${escapeMarkdown(note, { longest: 400 })}`);
  if (notes.length > MOST_NOTES) lines.push(`- … and ${notes.length - MOST_NOTES} more notes`);
  return lines.join('\n');
}

function commands({ commands }: PullReport): string {
  if (commands.length === 0) return '';
  const lines = commands.slice(0, MOST_COMMANDS).map((line) => visibleLine(line, { longest: 1_000 }));
  return fence('sh', lines.join('\n'));
}

function shortened({ run }: PullReport, leftOut: Set<Left>): string {
  if (leftOut.size === 0) return '';
  const parts = [...leftOut].map((part) => (part === 'sections' ? 'sections of some models' : part));
  return `Left out of some models, for want of room: ${parts.join(', ')}. ${link('The full report', run.page)}.`;
}

function footer({ headSha, commitPage, baseRef, run, madeAt }: PullReport): string {
  const parts = [
    link(`commit ${headSha.slice(0, 12)}`, commitPage),
    `into ${escapeMarkdown(baseRef, { longest: 100 })}`,
    link('workflow run and full report', run.page),
    escapeMarkdown(writtenMoment(madeAt), { longest: 40 }),
  ];
  return `---\n\n<sub>${parts.join(' · ')}</sub>`;
}
