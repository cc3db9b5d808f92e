import type { PackForecasts } from '../../contracts/pack.ts';
import { escapeMarkdown } from '../../metrics/escape-markdown.ts';
import { number } from '../../metrics/wording.ts';
import { type Answer, refused, told } from './answer.ts';
import type { Published } from './read-published.ts';

type Tract = PackForecasts['tracts'][number];

const MOST_HINTS = 5;
const MOST_ANSWERS = 5;

/** The forecast of one tract, of every model that has it, and what it stands on. */
export function explainTract(asked: string, published: Published[], missing: string[]): Answer {
  const found = published.flatMap((one) => {
    const tract = findTract(one.forecasts.tracts, asked);
    return tract ? [{ ...one, tract }] : [];
  });
  if (found.length > 0) return told(found.slice(0, MOST_ANSWERS).map(tractText).join('\n\n'));
  if (published.length === 0)
    return refused(
      `No model has published a forecast yet.${missing.length > 0 ? ` ${missing.join(' ')}` : ''}`,
    );
  const near = published.flatMap(({ forecasts }) => nearest(forecasts.tracts, asked)).slice(0, MOST_HINTS);
  const perhaps = near.map(({ id, name }) => `${escapeMarkdown(name)} (${escapeMarkdown(id)})`).join(', ');
  const unread = missing.length > 0 ? `\n\n${missing.join(' ')}` : '';
  return refused(
    `No tract is called “${escapeMarkdown(asked)}”.${perhaps === '' ? '' : ` Did you mean ${perhaps}?`}${unread}`,
  );
}

/** By id, then by name; never by what is only like it. */
function findTract(tracts: Tract[], asked: string): Tract | undefined {
  const wanted = plain(asked);
  return tracts.find(({ id }) => id === asked) ?? tracts.find(({ name }) => plain(name) === wanted);
}

function nearest(tracts: Tract[], asked: string): Tract[] {
  const wanted = plain(asked);
  return tracts.filter(({ name, id }) => plain(name).includes(wanted) || plain(id).includes(wanted));
}

const plain = (text: string) => text.normalize('NFC').toLocaleLowerCase('en').replace(/\s+/g, ' ').trim();

function tractText({
  model,
  tract,
  forecasts,
  version,
  manifest,
  from,
}: Published & { tract: Tract }): string {
  const { target, last_time } = forecasts;
  const rows = tract.forecasts.map(
    ({ time, point, low, high }) =>
      `| ${moment(time)} | ${number(point)} | ${number(low)} to ${number(high)} |`,
  );
  const latest = tract.recent.at(-1);
  return [
    `**${escapeMarkdown(tract.name)}** (${escapeMarkdown(tract.id)}), \`${model}\`: ${escapeMarkdown(target)}`,
    ['| when | forecast | 90 % interval |', '| :-- | --: | --: |', ...rows].join('\n'),
    latest
      ? `Newest seen: ${number(latest.value)} on ${moment(latest.time)}${latest.observed ? '' : ' (a gap that was filled)'}; all data until ${moment(last_time)}.`
      : `All data until ${moment(last_time)}.`,
    `${version === null ? `A model that is not \`production.json\`'s any more (bundle ${(manifest.bundle ?? 'unknown').slice(0, 12)})` : `Version ${version}, bundle ${(manifest.bundle ?? '').slice(0, 12)}`}, data version ${escapeMarkdown(manifest.data_version)}, published ${moment(manifest.published_at)} (${from}).`,
  ].join('\n\n');
}

/** A day where it is one, else a moment. */
function moment(time: string): string {
  return time.replace(/T00:00:00(\.0+)?Z$/, '').replace(/T(\d\d:\d\d):\d\d(\.\d+)?Z$/, ' $1 UTC');
}
