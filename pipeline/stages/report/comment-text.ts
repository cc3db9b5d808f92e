import type { ModelReport, PullReport } from '../../contracts/pull-report.ts';
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

interface Section {
  model: ModelReport;
  blocks: Block[];
}

function fitted(report: PullReport, limit: number): string {
  const models = worstFirst(report.models);
  const told = reasonModel(report);
  const withMap = models.filter(({ places }) => places !== null).length;
  const mapBudget = Math.min(MAP_BYTES, Math.floor(ALL_MAPS_BYTES / Math.max(1, withMap)));
  let sections: Section[] = models.map((model) => ({
    model,
    blocks: modelSection(model, { mapBudget, reasonAbove: model === told }),
  }));
  const leftOut = new Set<Part | 'sections'>();
  const text = () => whole(report, sections, leftOut);
  const fits = (made: string) => Buffer.byteLength(made) <= limit;

  let made = text();
  for (const part of LEAST_NEEDED_FIRST) {
    for (let i = sections.length - 1; i >= 0 && !fits(made); i--) {
      const kept = sections[i].blocks.filter((block) => block.part !== part);
      if (kept.length === sections[i].blocks.length) continue;
      sections[i] = { ...sections[i], blocks: kept };
      leftOut.add(part);
      made = text();
    }
  }
  while (!fits(made) && sections.length > 0) {
    sections = sections.slice(0, -1);
    leftOut.add('sections');
    made = text();
  }
  // Hundreds of models: the worst of them, and how many more there are.
  for (let most = models.length; !fits(made) && most > 1; ) {
    most = Math.floor(most / 2);
    made = whole(report, [], leftOut, most);
  }
  return made;
}

function whole(
  report: PullReport,
  sections: Section[],
  leftOut: Set<Part | 'sections'>,
  most?: number,
): string {
  return `${[
    headline(report),
    report.models.length > 1 ? overview(report.models, most) : '',
    generalNotes(report),
    commands(report),
    shortened(report, leftOut),
    ...sections.flatMap(({ blocks }) => blocks.map(({ text }) => text)),
    footer(report),
  ]
    .filter(Boolean)
    .join('\n\n')}\n`;
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

function shortened({ run }: PullReport, leftOut: Set<Part | 'sections'>): string {
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
