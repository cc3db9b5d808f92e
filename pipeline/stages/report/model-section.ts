import type { Promotion } from '../../contracts/promotion.ts';
import type { ModelReport } from '../../contracts/pull-report.ts';
import { phaseTable, type Sides, sidesOf, worstTracts } from '../../metrics/comparison-tables.ts';
import { escapeMarkdown } from '../../metrics/escape-markdown.ts';
import { type Block, fold } from './block.ts';
import { dataChange, lineageLine, paramChanges } from './changes.ts';
import { forecastChart, horizonChart } from './charts.ts';
import { SIGNS } from './headline.ts';
import { map } from './map.ts';
import { numbers, rules } from './numbers.ts';

const MOST_NOTES = 10;

/** All that is told of one model, in the order in which it is read.
 *  @param mapBudget bytes that its map may take
 *  @param reasonAbove true: the reason stands in the top line already */
export function modelSection(
  report: ModelReport,
  { mapBudget, reasonAbove }: { mapBudget: number; reasonAbove: boolean },
): Block[] {
  const { judgement, losses, places, names } = report;
  const { promotion, metrics } = judgement;
  const compared = promotion && metrics;
  const sides = compared && sidesOf(metrics, promotion);
  return (
    [
      { part: 'verdict', text: verdict(report, { reasonAbove }) },
      { part: 'notes', text: notes(report) },
      { part: 'numbers', text: compared ? numbers(promotion, metrics) : '' },
      { part: 'charts', text: forecastChart(losses) },
      { part: 'charts', text: compared ? horizonChart(promotion, metrics) : '' },
      { part: 'map', text: compared ? map(promotion, metrics, { places, names, budget: mapBudget }) : '' },
      { part: 'rules', text: promotion ? rules(promotion) : '' },
      { part: 'slices', text: compared && sides ? phases(promotion, sides) : '' },
      { part: 'slices', text: compared && sides ? worstTracts(promotion, sides, names) : '' },
      { part: 'data', text: dataChange(report.data) },
      { part: 'parameters', text: paramChanges(report.params) },
      { part: 'lineage', text: lineageLine(report.lineage) },
    ] satisfies Block[]
  ).filter(({ text }) => text !== '');
}

function verdict({ judgement }: ModelReport, { reasonAbove }: { reasonAbove: boolean }): string {
  const { model, status, headline, reason, override } = judgement;
  return [
    `### ${SIGNS[status]} ${escapeMarkdown(model, { longest: 41 })}: ${escapeMarkdown(headline, { longest: 80 })}`,
    override
      ? `**Overridden** by ${escapeMarkdown(override.by)}: ${escapeMarkdown(override.why, { longest: 400 })}`
      : '',
    reasonAbove ? '' : escapeMarkdown(reason, { longest: 500 }),
  ]
    .filter(Boolean)
    .join('\n\n');
}

function phases(promotion: Promotion, sides: Sides): string {
  const table = phaseTable(promotion, sides);
  return table && fold('While it grows, stays and falls', table);
}

function notes({ judgement: { notes } }: ModelReport): string {
  const lines = notes.slice(0, MOST_NOTES).map((note) => `- ${escapeMarkdown(note, { longest: 400 })}`);
  if (notes.length > MOST_NOTES) lines.push(`- … and ${notes.length - MOST_NOTES} more notes`);
  return lines.join('\n');
}
