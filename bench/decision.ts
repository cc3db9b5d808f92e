import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { LossTable } from '../pipeline/contracts/losses.ts';
import { PromotionParams } from '../pipeline/contracts/params.ts';
import { alphaAtLook } from '../pipeline/metrics/alpha-spending.ts';
import { compareLosses } from '../pipeline/metrics/block-bootstrap.ts';
import { scoreForecasts } from '../pipeline/metrics/errors.ts';
import { type Decision, decide } from '../pipeline/stages/compare/decide.ts';
import { hasRealData } from '../pipeline/tasks/forecast/real-data.testing.ts';
import { drawDays, makeRegimes, type Random, type Regimes, type Side, sideOn } from './decision/regimes.ts';
import type { BenchTable } from './table.ts';

const POLICY = PromotionParams.parse({});
const DAY_MS = 86_400_000;
/** The longest horizon and a week. */
const BLOCK_DAYS = 14;
/** A champion's life here: half a year, the longest window that is decided on. */
const LIFE = 182;
const LIVES = 500;
const TRIALS = 200;
const WINDOWS = [28, 56, 91, 182];

/** How two sides that are equal in the long run differ from day to day. */
const NULLS: { name: string; sides(random: Random): [Side, Side] }[] = [
  {
    name: 'one recipe, two seeds',
    sides: (random) => {
      const swap = coin(random);
      return [
        () => (swap ? 'trees' : 'trees with another seed'),
        () => (swap ? 'trees with another seed' : 'trees'),
      ];
    },
  },
  {
    name: 'two recipes, each the better one for weeks',
    sides: (random) => {
      const swaps: boolean[] = [];
      const swap = (block: number) => {
        while (swaps.length <= block) swaps.push(coin(random));
        return swaps[block];
      };
      return [
        (block) => (swap(block) ? 'trees' : 'trees-level'),
        (block) => (swap(block) ? 'trees-level' : 'trees'),
      ];
    },
  },
];

const LOOKS = [
  { name: 'a look a month', every: 28 },
  { name: 'a look a week', every: 7 },
  { name: 'a look a day', every: 1 },
];

/** The decision's two errors, on real forecasts of Italy's regions whose days are drawn anew. */
export async function run(): Promise<BenchTable> {
  const title = 'The decision: how often it errs';
  const columns = ['case', 'promoted', 'asked'];
  if (!hasRealData()) return { title, columns, rows: [], notes: ['Skipped: ../shared/data is not here.'] };
  const regimes = await makeRegimes((note) => process.stderr.write(`  fitting ${note}\n`));
  const rows: string[][] = [];
  for (const equal of NULLS) {
    for (const looks of LOOKS) {
      const promoted = falsePromotions(regimes, equal, looks.every);
      rows.push(row(`equal: ${equal.name}; ${looks.name}, for half a year`, promoted, LIVES, [0, 0.05]));
      process.stderr.write(`  ${rows.at(-1)!.join(' | ')}\n`);
    }
  }
  for (const equal of NULLS) {
    for (const days of WINDOWS) {
      const { promoted, tried, visible } = truePromotions(regimes, equal, days);
      const middle = `${(100 * visible).toFixed(1)} %`;
      rows.push(
        row(
          `twice the smallest visible (median ${middle}): ${equal.name}, ${days} days`,
          promoted,
          tried,
          [0.95, 1],
        ),
      );
      process.stderr.write(`  ${rows.at(-1)!.join(' | ')}\n`);
    }
  }
  return {
    title,
    columns,
    rows,
    notes: [
      `Forecasts of Italy's 21 regions, 1 to 7 days ahead, by boosted trees fitted again every 56 days from 2020-09 to 2022-06; stretches of days are drawn in blocks of 28 whole days with all regions. Each look has a challenger of its own on the same days, so looks are as independent as they can be.`,
      `Equal: ${LIVES} lives of a champion, ${LIFE} days each; counted is a life in which any look promoted. In the second kind of equal pair one of two different recipes leads in each block of 28 days, by a coin: what lasts for four weeks looks like a difference for as long, twice as long as the test's own blocks.`,
      `Twice the visible: ${TRIALS} first looks; an equal pair is compared, the smallest visible difference that it prints is doubled, every error of the challenger is made smaller by that share, and it is decided again. Cases where twice the visible is 95 % or more cannot be built and are left out.`,
      'In brackets: the 95 % interval of the share (Wilson).',
    ],
  };
}

function falsePromotions(regimes: Regimes, equal: (typeof NULLS)[number], every: number): number {
  let promoted = 0;
  for (let life = 0; life < LIVES; life++) {
    const random = xoroshiro128plus(1_000 + life);
    const days = drawDays(LIFE, regimes, random);
    let look = 0;
    for (let until = POLICY.min_cutoffs; until <= LIFE; until += every) {
      look++;
      const [challenger, champion] = equal.sides(random);
      if (promotes(regimes, { days: days.slice(0, until), challenger, champion, look, seed: life })) {
        promoted++;
        break;
      }
    }
  }
  return promoted;
}

function truePromotions(regimes: Regimes, equal: (typeof NULLS)[number], days: number) {
  let promoted = 0;
  let tried = 0;
  const visible: number[] = [];
  for (let trial = 0; trial < TRIALS; trial++) {
    const random = xoroshiro128plus(9_000 + trial);
    const drawn = drawDays(days, regimes, random);
    const [challenger, champion] = equal.sides(random);
    const sides = { days: drawn, challenger, champion, look: 1, seed: trial };
    const { smallest_visible } = judged(regimes, sides).improvement;
    if (smallest_visible === null || 2 * smallest_visible >= 0.95) continue;
    tried++;
    visible.push(smallest_visible);
    if (judged(regimes, { ...sides, improvement: 2 * smallest_visible }).promote) promoted++;
  }
  visible.sort((a, b) => a - b);
  return { promoted, tried, visible: visible[Math.floor(visible.length / 2)] ?? Number.NaN };
}

interface Sides {
  days: { day: number; block: number }[];
  challenger: Side;
  champion: Side;
  look: number;
  seed: number;
  improvement?: number;
}

/** Whether it promotes; what a look at the main metric alone refuses is not looked at further. */
function promotes(regimes: Regimes, sides: Sides): boolean {
  const daily = (side: Side) =>
    Float64Array.from(sides.days, ({ day, block }) => regimes.losses[side(block)][day]);
  const whole = { challenger: daily(sides.challenger), reference: daily(sides.champion) };
  const alpha = alphaAtLook(POLICY.alpha, sides.look);
  const { estimate, low } = compareLosses(whole, { blockDays: BLOCK_DAYS, alpha, seed: 1 });
  if (!(estimate >= POLICY.min_improvement && low > 0)) return false;
  return judged(regimes, sides).promote;
}

function judged(regimes: Regimes, sides: Sides): Decision {
  const { days, challenger, champion, look, improvement } = sides;
  const losses = [
    sideOn(days, regimes, { role: 'challenger', side: challenger, improvement }),
    sideOn(days, regimes, { role: 'champion', side: champion }),
    sideOn(days, regimes, { role: 'baseline', side: () => 'baseline' }),
  ];
  const [ours, theirs, baseline] = losses.map((table) => ({ name: table.model, errors: errorsOf(table) }));
  return decide({
    model: 'italy',
    challenger: { ...ours, digest: 'c'.repeat(64), isBaseline: false },
    champion: { ...theirs, digest: 'a'.repeat(64), version: 'v0001' },
    baselines: [baseline],
    losses,
    policy: POLICY,
    look,
    blockMs: BLOCK_DAYS * DAY_MS,
  });
}

function errorsOf({ truth, forecast, tract }: LossTable) {
  return scoreForecasts({ truth, forecast, tract });
}

function row(name: string, promoted: number, of: number, [low, high]: [number, number]): string[] {
  const share = promoted / of;
  const reached = share >= low && share <= high;
  const [from, to] = wilson(promoted, of);
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
  const asked = low === 0 ? `≤ ${percent(high)}` : `≥ ${percent(low)}`;
  return [
    name,
    `${percent(share)} (${percent(from)}–${percent(to)}), ${promoted} of ${of} ${reached ? '✓' : '✗'}`,
    asked,
  ];
}

/** Wilson's interval of a share. */
function wilson(hits: number, n: number): [number, number] {
  const z = 1.96;
  const centre = (hits + z ** 2 / 2) / (n + z ** 2);
  const half = (z / (n + z ** 2)) * Math.sqrt((hits * (n - hits)) / n + z ** 2 / 4);
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}

function coin(random: Random): boolean {
  return (random.next() & 1) === 1;
}
