import { markdownTable } from 'markdown-table';
import type { MetricsFile } from '../contracts/metrics.ts';
import type { Promotion } from '../contracts/promotion.ts';
import { escapeMarkdown } from './escape-markdown.ts';
import { daysOfForecasts, metricTitle, percent, written } from './wording.ts';

export type Scored = MetricsFile['models'][number];

const WORST_TRACTS = 10;

/** Who is compared with whom. */
export interface Sides {
  challenger: Scored | undefined;
  champion: Scored | undefined;
  baseline: Scored | undefined;
}

export function sidesOf({ models }: MetricsFile, promotion: Promotion): Sides {
  const champion = models.find(({ role }) => role === 'champion');
  return {
    challenger: models.find(({ role }) => role === 'challenger'),
    // Two sides may be of the same kind: the version tells them apart.
    champion: champion && { ...champion, name: `${promotion.champion?.version} ${champion.name}` },
    baseline: models.find(({ role, name }) => role === 'baseline' && name === promotion.baseline.name),
  };
}

export function mergeLine({ merge, promote }: Promotion): string {
  const merges = merge ? '✓ may be merged' : '✗ must not be merged';
  return `${merges} · ${promote ? '✓ promoted' : '– not promoted'}`;
}

export function improvementLine({ improvement, metric, cutoffs, look, champion }: Promotion): string {
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
  return `${escapeMarkdown(metricTitle(metric))} against ${against}: ${signed(estimate)} (${interval}; positive = better) over ${daysOfForecasts(cutoffs)}.${visible}${paid}`;
}

export function horizonTable({ metric }: Promotion, { challenger, champion, baseline }: Sides): string {
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

export function phaseTable({ metric }: Promotion, { challenger }: Sides): string {
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

export function worstTracts({ metric }: Promotion, sides: Sides, names: Map<string, string>): string {
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

export function title({ role, name }: Scored): string {
  return `${role} ${escapeMarkdown(name)}`;
}

export function errorIn(errors: Scored['overall'] | undefined, metric: string): number | null {
  if (!errors || !(metric in errors)) return null;
  return errors[metric as keyof Scored['overall']];
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${percent(Math.abs(value))}`;
}
