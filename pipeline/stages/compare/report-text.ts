import { markdownTable } from 'markdown-table';
import type { MetricsFile } from '../../contracts/metrics.ts';
import type { Promotion } from '../../contracts/promotion.ts';
import {
  errorIn,
  horizonTable,
  improvementLine,
  mergeLine,
  phaseTable,
  type Scored,
  type Sides,
  sidesOf,
  title,
  worstTracts,
} from '../../metrics/comparison-tables.ts';
import { escapeMarkdown } from '../../metrics/escape-markdown.ts';
import {
  difference,
  METRICS,
  metricTitle,
  ruleTitle,
  ruleValue,
  VERDICTS,
  written,
} from '../../metrics/wording.ts';

/** `report.md`: the verdict in words, then the numbers it stands on.
 *  @param names names of tracts by id, where they are known */
export function reportText(
  promotion: Promotion,
  metrics: MetricsFile,
  names = new Map<string, string>(),
): string {
  const sides = sidesOf(metrics, promotion);
  return `${[
    `## ${escapeMarkdown(promotion.model)}: ${VERDICTS[promotion.outcome]}`,
    `**${escapeMarkdown(promotion.reason)}**`,
    mergeLine(promotion),
    errorTable(sides),
    improvementLine(promotion),
    '### Rules',
    rulesTable(promotion),
    '### Error by horizon',
    horizonTable(promotion, sides),
    phaseTable(promotion, sides),
    '### Leaderboard',
    leaderboard(promotion, metrics),
    worstTracts(promotion, sides, names),
    footer(promotion, metrics),
  ]
    .filter((part) => part !== '')
    .join('\n\n')}\n`;
}

function errorTable({ challenger, champion, baseline }: Sides): string {
  const others = [champion, baseline].filter((side) => side !== undefined);
  const head = ['', ...[challenger].filter((side) => side !== undefined).map(title)];
  for (const side of others) head.push(title(side), `against ${side.role}`);
  const rows = METRICS.map(({ metric, title, better }) => [
    `${title} (${better})`,
    written(metric, challenger?.overall[metric]),
    ...others.flatMap(({ overall }) => [
      written(metric, overall[metric]),
      difference(metric, challenger?.overall[metric] ?? null, overall[metric]),
    ]),
  ]);
  const align = ['l', ...head.slice(1).map(() => 'r')];
  return markdownTable([head, ...rows], { align });
}

function rulesTable({ rules, metric }: Promotion): string {
  return markdownTable(
    [
      ['', 'Rule', 'Found', 'Limit', ''],
      ...rules.map(({ rule, passed, observed, limit, detail }) => [
        passed ? '✓' : '✗',
        escapeMarkdown(ruleTitle(rule)),
        escapeMarkdown(ruleValue(rule, metric, observed)),
        escapeMarkdown(ruleValue(rule, metric, limit)),
        escapeMarkdown(detail),
      ]),
    ],
    { align: ['c', 'l', 'r', 'r', 'l'] },
  );
}

function leaderboard({ metric }: Promotion, { models }: MetricsFile): string {
  const score = ({ overall }: Scored) => errorIn(overall, metric) ?? Infinity;
  return markdownTable(
    [
      ['', 'Model', 'Role', metricTitle(metric), 'MAE', 'WIS', '90 % interval covers'],
      ...models
        .toSorted((a, b) => score(a) - score(b))
        .map(({ name, role, overall }, rank) => [
          String(rank + 1),
          escapeMarkdown(name),
          role,
          written(metric, errorIn(overall, metric)),
          written('mae', overall.mae),
          written('wis', overall.wis),
          written('coverage90', overall.coverage90),
        ]),
    ],
    { align: ['r', 'l', 'l', 'r', 'r', 'r', 'r'] },
  );
}

function footer(
  { decided_at, challenger }: Promotion,
  { commit, data_version, windows }: MetricsFile,
): string {
  const [from, to] = windows.decide.map((time) => time.slice(0, 10));
  return `<sub>Decided ${decided_at} on forecasts made from ${from} to ${to} · data version ${escapeMarkdown(data_version)} · commit ${escapeMarkdown(commit.slice(0, 12))} · bundle ${challenger.digest.slice(0, 12)}</sub>`;
}
