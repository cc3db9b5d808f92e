import { markdownTable } from 'markdown-table';
import type { MetricsFile } from '../../contracts/metrics.ts';
import type { Promotion } from '../../contracts/promotion.ts';
import { escapeMarkdown } from '../../metrics/escape-markdown.ts';
import {
  daysOfForecasts,
  difference,
  METRICS,
  metricTitle,
  percent,
  ruleTitle,
  ruleValue,
  VERDICTS,
  written,
} from '../../metrics/wording.ts';

export type Scored = MetricsFile['models'][number];

const WORST_TRACTS = 10;

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

interface Sides {
  challenger: Scored | undefined;
  champion: Scored | undefined;
  baseline: Scored | undefined;
}

function sidesOf({ models }: MetricsFile, promotion: Promotion): Sides {
  const champion = models.find(({ role }) => role === 'champion');
  return {
    challenger: models.find(({ role }) => role === 'challenger'),
    // Two sides may be of the same kind: the version tells them apart.
    champion: champion && { ...champion, name: `${promotion.champion?.version} ${champion.name}` },
    baseline: models.find(({ role, name }) => role === 'baseline' && name === promotion.baseline.name),
  };
}

function mergeLine({ merge, promote }: Promotion): string {
  const merges = merge ? '✓ may be merged' : '✗ must not be merged';
  return `${merges} · ${promote ? '✓ promoted' : '– not promoted'}`;
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

function improvementLine({ improvement, metric, cutoffs, look, champion }: Promotion): string {
  const { estimate, low, high, smallest_visible } = improvement;
  if (estimate === null) return '';
  const against = champion ? 'the champion' : 'the baseline';
  const interval =
    low === null || high === null
      ? 'no interval: too few days'
      : `interval ${signed(low)} to ${signed(high)}`;
  const visible =
    smallest_visible === null
      ? ''
      : ` The smallest improvement this test could have seen (in 80 of 100 cases): ${percent(smallest_visible)}.`;
  const paid = champion
    ? ` Look ${look.number} at this champion, tested at level ${look.alpha.toPrecision(2)}.`
    : '';
  return `${metricTitle(metric)} against ${against}: ${signed(estimate)} (${interval}; positive = better) over ${daysOfForecasts(cutoffs)}.${visible}${paid}`;
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

function horizonTable({ metric }: Promotion, { challenger, champion, baseline }: Sides): string {
  const sides = [challenger, champion, baseline].filter((side) => side !== undefined);
  const horizons = Object.keys(challenger?.by_horizon ?? {});
  return markdownTable(
    [
      [`${metricTitle(metric)}, steps ahead`, ...sides.map(title)],
      ...horizons.map((horizon) => [
        escapeMarkdown(horizon),
        ...sides.map(({ by_horizon }) => written(metric, errorIn(by_horizon[horizon], metric))),
      ]),
    ],
    { align: ['r', ...sides.map(() => 'r')] },
  );
}

function phaseTable({ metric }: Promotion, { challenger }: Sides): string {
  const phases = Object.entries(challenger?.by_phase ?? {});
  if (phases.length === 0) return '';
  return markdownTable(
    [
      ['Challenger in', 'forecasts', metricTitle(metric), '90 % interval covers'],
      ...phases.map(([phase, errors]) => [
        escapeMarkdown(phase),
        errors.n.toLocaleString('en-US'),
        written(metric, errorIn(errors, metric)),
        written('coverage90', errors.coverage90),
      ]),
    ],
    { align: ['l', 'r', 'r', 'r'] },
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

function worstTracts({ metric }: Promotion, sides: Sides, names: Map<string, string>): string {
  const { challenger, champion, baseline } = sides;
  const reference = champion ?? baseline;
  const score = (id: string) => errorIn(challenger?.by_tract[id], metric) ?? -Infinity;
  const worst = Object.keys(challenger?.by_tract ?? {})
    .sort((a, b) => score(b) - score(a))
    .slice(0, WORST_TRACTS);
  if (worst.length === 0) return '';
  const table = markdownTable(
    [
      ['Tract', metricTitle(metric), `${reference?.role ?? 'baseline'}`, 'MAE', 'forecasts'],
      ...worst.map((id) => {
        const errors = challenger!.by_tract[id];
        const name = names.get(id);
        return [
          escapeMarkdown(name && name !== id ? `${name} (${id})` : id),
          written(metric, errorIn(errors, metric)),
          written(metric, errorIn(reference?.by_tract[id], metric)),
          written('mae', errors.mae),
          errors.n.toLocaleString('en-US'),
        ];
      }),
    ],
    { align: ['l', 'r', 'r', 'r', 'r'] },
  );
  // Without the empty lines the host shows the table as text.
  return `<details>\n<summary>The ${worst.length} tracts with the largest errors</summary>\n\n${table}\n\n</details>`;
}

function footer(
  { decided_at, challenger }: Promotion,
  { commit, data_version, windows }: MetricsFile,
): string {
  const [from, to] = windows.decide.map((time) => time.slice(0, 10));
  return `<sub>Decided ${decided_at} on forecasts made from ${from} to ${to} · data version ${escapeMarkdown(data_version)} · commit ${escapeMarkdown(commit.slice(0, 12))} · bundle ${challenger.digest.slice(0, 12)}</sub>`;
}

function title({ role, name }: Scored): string {
  return `${role} ${escapeMarkdown(name)}`;
}

function errorIn(errors: Scored['overall'] | undefined, metric: string): number | null {
  if (!errors || !(metric in errors)) return null;
  return errors[metric as keyof Scored['overall']];
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${percent(Math.abs(value))}`;
}
