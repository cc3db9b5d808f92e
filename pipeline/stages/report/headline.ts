import type { StatusState } from '../../contracts/github.ts';
import type { ModelReport, PullReport } from '../../contracts/pull-report.ts';
import { escapeMarkdown } from '../../metrics/escape-markdown.ts';
import { direction } from '../../metrics/wording.ts';
import { narrowTable } from './table.ts';

export const SIGNS: Record<StatusState, string> = { success: '✓', failure: '✗', pending: '…', error: '!' };

const WORDS: Record<StatusState, string> = {
  success: 'May be merged.',
  failure: 'Must not be merged.',
  pending: 'Not decided yet.',
  error: 'Could not be judged.',
};

const REASON = { longest: 500 };

/** The top line: the verdict in words and its reason; of several models that of the worst. */
export function headline(report: PullReport): string {
  const { status, models } = report;
  const verdict = `${SIGNS[status.state]} **${WORDS[status.state]}**`;
  const told = reasonModel(report);
  if (!told) return `${verdict} ${escapeMarkdown(status.description, REASON)}`;
  const { model, reason } = told.judgement;
  const others = models.length > 1 ? ` (All ${models.length} models: in the table.)` : '';
  return `${verdict} ${escapeMarkdown(model, { longest: 41 })}: ${escapeMarkdown(reason, REASON)}${others}`;
}

/** The model whose reason is that of the whole; null where the status knows more than any model does: of a head that
 *  has moved on, say. */
export function reasonModel({ status, models }: PullReport): ModelReport | null {
  const [worst] = worstFirst(models);
  return worst?.judgement.status === status.state ? worst : null;
}

const SEVERITY: StatusState[] = ['error', 'failure', 'pending', 'success'];

/** What needs a reader first; then what was promoted; otherwise as the models come. */
export function worstFirst(models: ModelReport[]): ModelReport[] {
  const rank = ({ judgement: { status, promotion } }: ModelReport) =>
    10 * SEVERITY.indexOf(status) + (promotion?.promote ? 0 : promotion ? 1 : 2);
  return models.toSorted((a, b) => rank(a) - rank(b));
}

/** A line a model, where there are several.
 *  @param most lines at most; what is beyond is counted */
export function overview(models: ModelReport[], most = models.length): string {
  const shown = worstFirst(models).slice(0, most);
  const table = narrowTable(
    [
      ['', 'Model', 'Verdict', 'Change'],
      ...shown.map(({ judgement }) => [
        SIGNS[judgement.status],
        escapeMarkdown(judgement.model, { longest: 41 }),
        escapeMarkdown(judgement.headline, { longest: 60 }),
        direction(judgement.promotion?.improvement.estimate ?? null),
      ]),
    ],
    { align: ['c', 'l', 'l', 'r'] },
  );
  const left = models.length - shown.length;
  return left > 0 ? `${table}\n\n… and ${left} more models, none of them worse.` : table;
}
