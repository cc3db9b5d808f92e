import { markdownTable } from 'markdown-table';
import { escapeMarkdown } from '../../metrics/escape-markdown.ts';
import { METRICS, VERDICTS, written } from '../../metrics/wording.ts';
import { productionOf, promotionOf, type RobotFiles, sourceOf } from './robot-files.ts';

export interface PullText {
  title: string;
  body: string;
}

export interface TextInput {
  /** What the branch holds. */
  files: RobotFiles;
  /** What it is merged into. */
  master: RobotFiles;
  models: string[];
  /** Models that it promotes. */
  promoted: string[];
  /** Page of the branch's commit: reports are linked there. */
  tree: string;
  /** Page of the workflow's run. */
  page: string | null;
  mode: 'pull-request' | 'auto';
}

/** New days, and what was tried on them; promotes nothing. */
export function dataText(input: TextInput): PullText {
  return {
    title: `data: ${shortList(input.models)}${lastDay(input)}`,
    body: body(input, 'New data passed the gate. Nothing is promoted; what is served stays as it is.'),
  };
}

/** New versions; immutable. */
export function promotionText(input: TextInput): PullText {
  const named = input.promoted.map((model) =>
    `${model} ${productionOf(input.files, model)?.version ?? ''}`.trim(),
  );
  const note =
    'Merging this makes the versions below the champions. This pull request is never changed: newer data supersede it while nobody has approved it.';
  return { title: `promote ${shortList(named)}`, body: body(input, note) };
}

/** What `test` brings to master. */
export function candidateText(input: TextInput): PullText {
  const trained = input.promoted.length > 0 ? `, promotes ${shortList(input.promoted)}` : '';
  const note =
    'What was merged into `test`, with the models trained once by a trusted run. It is built anew with every merge into `test`.';
  return { title: `release: test into master${trained}`, body: body(input, note) };
}

/** Whether an edit would change nothing but the run that is named: each run would make one. */
export function saysTheSame(one: PullText, other: PullText): boolean {
  const lasting = ({ title, body }: PullText) =>
    `${title}\n${body.replace(/^Made by \[this run\].*$/m, '')}`.trim();
  return lasting(one) === lasting(other);
}

function body(input: TextInput, note: string): string {
  const { models, mode, page } = input;
  const parts = [MARKER, note];
  if (models.length > 0) parts.push(table(input));
  if (mode === 'auto')
    parts.push('`promotion.mode` is `auto`: it is merged by itself once the checks have passed.');
  if (page) parts.push(`Made by [this run](${page}).`);
  return `${parts.join('\n\n')}\n`;
}

const MARKER = '<!-- perennial:robot -->';

function table(input: TextInput): string {
  const { files, models, promoted, tree } = input;
  const rows = models.map((model) => [
    `\`${model}\``,
    verdict(input, model),
    escapeMarkdown(sourceOf(files, model)?.schema?.last_time?.slice(0, 10) ?? '–'),
    links(files, model, tree, promoted.includes(model) || isNew(input, model)),
  ]);
  return markdownTable([['Model', 'Verdict', 'Data until', 'Read'], ...rows]);
}

function verdict(input: TextInput, model: string): string {
  const promotion = promotionOf(input.files, model);
  if (!promotion || !isNew(input, model)) return 'not trained';
  const to = productionOf(input.files, model)?.version;
  const word = VERDICTS[promotion.outcome];
  const title = METRICS.find(({ metric }) => metric === promotion.metric)?.title ?? promotion.metric;
  const score = (value: number | null | undefined) => written(promotion.metric as never, value ?? null);
  const against = promotion.champion
    ? ` against ${score(promotion.champion.score)} of ${promotion.champion.version}`
    : ` against ${score(promotion.baseline.score)} of the baseline`;
  const made = input.promoted.includes(model) ? `**${to}** is promoted. ` : '';
  return `${made}${escapeMarkdown(word)}: ${escapeMarkdown(title)} ${escapeMarkdown(score(promotion.challenger.score) + against)}. ${escapeMarkdown(promotion.reason)}`;
}

/** Whether it was trained for this pull request. */
function isNew({ files, master }: TextInput, model: string): boolean {
  const decided = promotionOf(files, model)?.decided_at;
  return decided !== undefined && decided !== promotionOf(master, model)?.decided_at;
}

function links(files: RobotFiles, model: string, tree: string, trained: boolean): string {
  const link = (name: string, words: string) =>
    files.has(`reports/${model}/${name}`) ? [`[${words}](${tree}/reports/${model}/${name})`] : [];
  return [...(trained ? link('report.md', 'report') : []), ...link('gate.md', 'gate')].join(' · ');
}

function lastDay({ files, models }: TextInput): string {
  const days = models.flatMap((model) => sourceOf(files, model)?.schema?.last_time?.slice(0, 10) ?? []);
  const last = days.sort().at(-1);
  return last === undefined ? '' : ` until ${last}`;
}

function shortList(names: string[]): string {
  const shown = names.slice(0, 4).join(', ');
  return names.length > 4 ? `${shown} and ${names.length - 4} more` : shown || 'no model';
}
