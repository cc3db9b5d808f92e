import { markdownTable } from 'markdown-table';
import { escapeMarkdown } from '../../metrics/escape-markdown.ts';
import { difference, METRICS, metricTitle, percent, written } from '../../metrics/wording.ts';
import { type RunFacts, sidesOf } from './facts.ts';

/** `model-card.md`: what a person must know who is handed a forecast of this model (after Mitchell et al. 2019, "Model
 *  Cards for Model Reporting"). */
export function modelCard(facts: RunFacts): string {
  const { model, promotion } = facts;
  return `${[
    `# Model card: ${escapeMarkdown(model)}`,
    `${standing(facts)} ${escapeMarkdown(promotion.reason)}`,
    '## What it forecasts, and for whom',
    purpose(facts),
    '## Data',
    data(facts),
    '## How it was judged',
    judged(facts),
    '## How sure its intervals are',
    intervals(facts),
    '## What it must not be used for',
    limits(facts),
    '## Where it comes from',
    lineage(facts),
  ].join('\n\n')}\n`;
}

function standing({ promotion, version }: RunFacts): string {
  const name = version ?? 'This model';
  return promotion.promote
    ? `**${name} was promoted: it is the one that answers.**`
    : `**${name} was not promoted: another one answers.**`;
}

function purpose({ schema, params, train, promotion }: RunFacts): string {
  const horizons = [...params.horizons].sort((a, b) => a - b);
  const last = count(horizons.at(-1)!, schema.step);
  const ahead = horizons.length === 1 ? last : `${horizons[0]} to ${last}`;
  const baseline = train.is_baseline ? ' It is the baseline itself: no learnt model was better.' : '';
  return [
    `It forecasts **${escapeMarkdown(schema.target)}** for each of ${count(schema.tracts.length, 'tract')}, ${ahead} ahead, with a 90 % interval.`,
    `Kind: ${escapeMarkdown(promotion.challenger.name)}.${baseline}`,
    'It is made for people who plan a few steps ahead and look at the interval, not at the point alone.',
  ].join(' ');
}

function data({ schema, urls, train, gate }: RunFacts): string {
  const last = Date.parse(schema.start) + (schema.length - 1) * schema.step_ms;
  const filled =
    schema.filled === 0
      ? 'None of them had to be filled.'
      : `${schema.filled.toLocaleString('en-US')} of them were missing and were filled and marked; the model does not learn from those.`;
  const quarantined = gate?.quarantined ?? 0;
  return [
    `- ${schema.rows.toLocaleString('en-US')} rows, one a tract and ${schema.step}, from ${day(schema.start)} to ${day(last)}. ${filled}`,
    `- It has learnt from what was known until ${day(train.train_end)}, and from nothing later.`,
    ...(urls.length > 0
      ? [`- Source: ${urls.map((url) => `\`${url.replaceAll('`', '')}\``).join(', ')}`]
      : []),
    ...(quarantined > 0
      ? [`- ${quarantined.toLocaleString('en-US')} rows were set aside by the gate; its report says why.`]
      : []),
    ...(schema.delay > 0
      ? [
          `- What is published is complete only after ${count(schema.delay, schema.step)}; forecasts start from there.`,
        ]
      : []),
  ].join('\n');
}

function judged(facts: RunFacts): string {
  const { promotion, metrics } = facts;
  const { challenger, champion, baseline } = sidesOf(facts);
  const others = [
    ...(champion ? [{ title: `champion ${promotion.champion?.version ?? ''}`.trim(), side: champion }] : []),
    ...(baseline ? [{ title: `baseline ${escapeMarkdown(baseline.name)}`, side: baseline }] : []),
  ];
  const table = markdownTable(
    [
      ['', 'this model', ...others.flatMap(({ title }) => [title, 'difference'])],
      ...METRICS.map(({ metric, title, better }) => [
        `${title} (${better})`,
        written(metric, challenger?.overall[metric]),
        ...others.flatMap(({ side }) => [
          written(metric, side.overall[metric]),
          difference(metric, challenger?.overall[metric] ?? null, side.overall[metric]),
        ]),
      ]),
    ],
    { align: ['l', 'r', ...others.flatMap(() => ['r', 'r'])] },
  );
  const [from, to] = metrics.windows.decide;
  return [
    `On ${count(promotion.cutoffs, 'cutoff')} from ${day(from)} to ${day(to)}. At each of them every model saw what was known then and nothing later; choices, weights and intervals were learnt on windows before that. The promotion is decided by ${metricTitle(promotion.metric)}.`,
    table,
  ].join('\n\n');
}

function intervals(facts: RunFacts): string {
  const covered = sidesOf(facts).challenger?.overall.coverage90 ?? null;
  if (covered === null) return 'It could not be told how often its 90 % intervals hold the truth.';
  const verdict =
    covered >= 0.87 && covered <= 0.93
      ? 'about what they promise'
      : covered < 0.9
        ? 'less than they promise: plan for more than they show'
        : 'more than they promise: they are wider than they need be';
  return `Its 90 % intervals held the truth in ${percent(covered)} of the forecasts: ${verdict}.`;
}

function limits({ schema, params }: RunFacts): string {
  const longest = Math.max(...params.horizons);
  return [
    `- Not for more than ${count(longest, schema.step)} ahead, nor for places other than its tracts.`,
    '- Not for a single person: it knows only sums over tracts.',
    '- Not as a cause: it goes on with patterns of the past and knows nothing of measures, closures or new ways of counting before they show in the data.',
    '- Not without a look at the age of the data: where the source has stopped publishing, its forecasts are as old as that.',
    ...(schema.scale === 'count'
      ? ['- With care where counts are small: a handful of cases is mostly chance.']
      : []),
  ].join('\n');
}

function lineage({ promotion, commit, dataVersion, version, snapshot, params, origin }: RunFacts): string {
  const code = origin.repository === null ? '' : ` of ${origin.repository}`;
  return markdownTable([
    ['what', 'which'],
    ['version', version ?? 'not registered'],
    ['bundle (SHA-256)', `\`${promotion.challenger.digest}\``],
    ['code', `commit \`${commit}\`${code}`],
    ['data (DVC)', `\`${dataVersion}\``],
    ['newest snapshot (SHA-256)', snapshot === null ? 'unknown' : `\`${snapshot}\``],
    ['seed', String(params.train.seed)],
  ]);
}

const day = (moment: string | number) => new Date(moment).toISOString().slice(0, 10);
const count = (n: number, what: string) => `${n.toLocaleString('en-US')} ${what}${n === 1 ? '' : 's'}`;
