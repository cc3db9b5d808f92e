import type { Chain, Link } from './link.ts';

const SIGN = { ok: '✓', broken: '✗', unknown: '?' } as const;

/** The chain for a terminal: a line a link, what was seen below it, and what to do. */
export function chainText({ model, version, aliases, links }: Chain): string {
  const widest = Math.max(...links.map(({ link }) => link.length));
  const below = ' '.repeat(widest + 6);
  const lines = links.flatMap(({ link, value, checked, why, hint }) => [
    `  ${link.padEnd(widest)}  ${SIGN[checked]} ${value}`,
    `${below}${why}`,
    ...(hint ? [`${below}→ ${hint}`] : []),
  ]);
  const title = [model, version, ...(aliases.length > 0 ? [`(${aliases.join(', ')})`] : [])].join(' ');
  return [title, '', ...lines, '', verdict(links)].join('\n');
}

function verdict(links: Link[]): string {
  const count = (of: Link['checked']) => links.filter(({ checked }) => checked === of).length;
  const parts = [
    `${count('ok')} of ${links.length} links hold`,
    ...(count('broken') > 0 ? [`${count('broken')} broken`] : []),
    ...(count('unknown') > 0 ? [`${count('unknown')} could not be looked at from here`] : []),
  ];
  return `${parts.join(', ')}.`;
}
