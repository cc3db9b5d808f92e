import type { MetricsFile } from '../../contracts/metrics.ts';
import type { Promotion, Rule } from '../../contracts/promotion.ts';
import { improvementLine, sidesOf } from '../../metrics/comparison-tables.ts';
import { escapeMarkdown } from '../../metrics/escape-markdown.ts';
import { difference, METRICS, type Metric, ruleTitle, ruleValue, written } from '../../metrics/wording.ts';
import { fold } from './block.ts';
import { narrowTable } from './table.ts';

const MOST_RULES = 40;
/** Beside the metric that decides; all others are in the full report. */
const SHOWN: Metric[] = ['mae', 'rmse', 'wis', 'coverage90'];
/** A number and its sign stay on one line of a narrow cell. */
const UNBROKEN = '\u00a0';

/** Challenger against champion against baseline, narrow enough for a phone: a difference stands below its number. */
export function numbers(promotion: Promotion, metrics: MetricsFile): string {
  const { challenger, champion, baseline } = sidesOf(metrics, promotion);
  const others = [champion, baseline].filter((side) => side !== undefined);
  const sides = [challenger, ...others].filter((side) => side !== undefined);
  const main = METRICS.filter(({ metric }) => metric === promotion.metric);
  const besides = METRICS.filter(({ metric }) => metric !== promotion.metric && SHOWN.includes(metric));
  const rows = [...main, ...besides].map(({ metric, title }) => {
    const ours = challenger?.overall[metric] ?? null;
    const strong = (text: string) => (metric === promotion.metric ? `**${text}**` : text);
    return [
      strong(title),
      ...(challenger ? [strong(written(metric, ours))] : []),
      ...others.map(({ overall }) => {
        const short = difference(metric, ours, overall[metric])
          .replace(/ (better|worse)$/, '')
          .replace('points', 'pt');
        return `${written(metric, overall[metric])}${short === '–' ? '' : `<br>${short}`}`.replace(
          / /g,
          UNBROKEN,
        );
      }),
    ];
  });
  const table = narrowTable(
    [
      ['', ...sides.map(({ role }) => `${role[0].toUpperCase()}${role.slice(1)}`)],
      ['', ...sides.map(({ name }) => escapeMarkdown(name, { longest: 40 }))],
      ...rows,
    ],
    { align: ['l', ...sides.map(() => 'r' as const)] },
  );
  const legend = '<sub>▲ the challenger is better by this, ▼ worse. The first row decides.</sub>';
  return [table, legend, improvementLine(promotion)].filter(Boolean).join('\n\n');
}

/** Each rule of the decision, passed or not. */
export function rules({ rules, metric }: Promotion): string {
  if (rules.length === 0) return '';
  const failed = rules.filter(({ passed }) => !passed).length;
  const told = failed === 0 ? `all ${rules.length} passed` : `${failed} of ${rules.length} not passed`;
  const table = narrowTable(
    [
      ['', 'Rule', 'Found', 'Limit'],
      ...rules
        .slice(0, MOST_RULES)
        .map((rule) => [
          rule.passed ? '✓' : '✗',
          ruleWords(rule),
          escapeMarkdown(ruleValue(rule.rule, metric, rule.observed)),
          escapeMarkdown(ruleValue(rule.rule, metric, rule.limit)),
        ]),
    ],
    { align: ['c', 'l', 'r', 'r'] },
  );
  return fold(`The rules of the decision: ${told}`, table, { open: failed > 0 });
}

function ruleWords({ rule, detail }: Rule): string {
  const title = escapeMarkdown(ruleTitle(rule));
  return detail ? `${title}<br><sub>${escapeMarkdown(detail)}</sub>` : title;
}
