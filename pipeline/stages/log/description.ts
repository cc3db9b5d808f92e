import { markdownTable } from 'markdown-table';
import { escapeMarkdown } from '../../metrics/escape-markdown.ts';
import { daysOfForecasts, METRICS, written } from '../../metrics/wording.ts';
import { type BeginningFacts, type RunFacts, sidesOf } from './facts.ts';

/** What stands on top of the run's page while it runs. */
export function descriptionAtStart(facts: BeginningFacts): string {
  return `Training of **${escapeMarkdown(facts.model)}**; the verdict follows.\n\n${footer(facts)}`;
}

/** The verdict first, then the numbers it stands on, then what it was made from. */
export function descriptionAtEnd(facts: RunFacts): string {
  const { promotion, model, version, review } = facts;
  const registered = version === null ? '' : ` Registered as ${version}.`;
  const tried = review
    ? ` A try for the review of a pull request into ${escapeMarkdown(review.into)}: nothing of it is registered.`
    : '';
  return [
    `**${escapeMarkdown(model)}:** ${escapeMarkdown(promotion.reason)}${registered}${tried}`,
    table(facts),
    `Over ${daysOfForecasts(promotion.cutoffs)} that none of them had learnt from.`,
    footer(facts),
  ].join('\n\n');
}

function table(facts: RunFacts): string {
  const { challenger, champion, baseline } = sidesOf(facts);
  const sides = [
    { title: 'challenger', side: challenger },
    { title: `champion ${facts.promotion.champion?.version ?? ''}`.trim(), side: champion },
    { title: 'baseline', side: baseline },
  ].flatMap(({ title, side }) => (side ? [{ title: `${title} (${escapeMarkdown(side.name)})`, side }] : []));
  const shown = METRICS.filter(({ metric }) =>
    ['wape', 'mae', 'wis', 'coverage90', facts.promotion.metric].includes(metric),
  );
  return markdownTable(
    [
      ['', ...sides.map(({ title }) => title)],
      ...shown.map(({ metric, title }) => [
        title,
        ...sides.map(({ side }) => written(metric, side.overall[metric])),
      ]),
    ],
    { align: ['l', ...sides.map(() => 'r')] },
  );
}

function footer({ commit, dataVersion, origin }: BeginningFacts): string {
  const page = origin.page ? ` · [workflow run](${origin.page})` : '';
  return `Code \`${commit.slice(0, 12)}\` · data \`${dataVersion}\`${page}`;
}
