import { escaped, shortened } from '../../metrics/escape-html.ts';
import { lineChart } from './line-chart.ts';
import { amount, moment, percent, span, words } from './numbers.ts';
import { SCRIPT, STYLE } from './page-style.ts';
import type { ColumnFacts, ProfileData } from './profile-data.ts';

/** The page: one file, nothing loaded from elsewhere, readable without scripts. */
export function page(data: ProfileData): string {
  const title = `The data of “${data.model}”`;
  const sections = [
    topLine(data),
    together(data),
    tracts(data),
    missing(data),
    cycle(data),
    distribution(data),
    correlations(data),
    columns(data),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
<noscript><style>.tract[hidden]{display:block}.picker{display:none}</style></noscript>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
${sections.filter(Boolean).join('\n')}
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function topLine(data: ProfileData): string {
  const target = words(data.target);
  const share = data.expected > 0 ? data.missing / data.expected : 0;
  const facts: [string, string][] = [
    ['What is forecast', escaped(target)],
    [data.tracts === 1 ? 'Series' : 'Tracts', amount(data.tracts)],
    ['From', moment(data.first, data.step)],
    ['To', moment(data.last, data.step)],
    ['One value every', data.step],
    ['Missing', `${percent(share)}<small>${amount(data.missing)} of ${amount(data.expected)} values</small>`],
  ];
  const remarks = [missingRemark(data, share), cycleRemark(data), delayRemark(data)].filter(Boolean);
  return `<dl class="facts">${facts.map(([term, fact]) => `<div><dt>${term}</dt><dd>${fact}</dd></div>`).join('')}</dl>
<ul class="remarks">${remarks.map((remark) => `<li>${remark}</li>`).join('')}</ul>`;
}

function missingRemark({ missing, tracts }: ProfileData, share: number): string {
  if (missing === 0) return 'No value is missing.';
  return `${amount(missing)} values (${percent(share)}${tracts > 1 ? ', over all tracts' : ''}) were not published. They are filled by carrying on the trend before them, and marked in the charts; no model is scored on them or learns them as truth.`;
}

function cycleRemark({ cycle, scale }: ProfileData): string {
  if (scale !== 'count') return '';
  const known = cycle.rows.filter((row): row is typeof row & { ratio: number } => row.ratio !== null);
  if (known.length < 2) return '';
  const lowest = known.reduce((a, b) => (b.ratio < a.ratio ? b : a));
  const highest = known.reduce((a, b) => (b.ratio > a.ratio ? b : a));
  if (highest.ratio - lowest.ratio < 0.1) return `The ${cycle.name} makes hardly any difference.`;
  return `${plural(lowest.label, cycle.name)} are lowest (${percent(lowest.ratio)} of the values around them), ${plural(highest.label, cycle.name)} highest (${percent(highest.ratio)}).`;
}

const plural = (label: string, cycle: string) => (cycle === 'weekday' ? `${label}s` : `Values of ${label}`);

function delayRemark({ delay, step }: ProfileData): string {
  if (delay === 0) return '';
  if (delay === 1) return `The newest ${step} of each file is usually not complete yet and rises later.`;
  return `The newest ${delay} ${step}s of each file are usually not complete yet and rise later.`;
}

function together(data: ProfileData): string {
  const how = data.scale === 'count' ? 'sum' : 'mean';
  const every = data.overall.stepsPerPoint;
  const mean = every === 1 ? '' : `, mean of each ${span(data.step, every)}`;
  const of = data.tracts === 1 ? '' : ` (${how} of ${amount(data.tracts)} tracts)`;
  const title = `${words(data.target)} a ${data.step}${of}${mean}`;
  return `<section><h2>All together</h2><p>${escaped(sentence(title))}.</p>${lineChart(data.overall, { title, step: data.step, markFrom: data.tracts === 1 ? undefined : 0.1 })}</section>`;
}

function tracts(data: ProfileData): string {
  if (data.shown.length === 0) return '';
  const list = [...data.shown].sort((a, b) => a.name.localeCompare(b.name, 'en'));
  const first = data.shown[0].id;
  const place = new Map(list.map(({ id }, at) => [id, at]));
  const options = list.map(
    ({ id, name }, at) =>
      `<option value="tract-${at}"${id === first ? ' selected' : ''}>${shortened(name)}${name === id ? '' : ` (${shortened(id, 24)})`}</option>`,
  );
  const some =
    data.shown.length < data.tracts
      ? `<p class="quiet">${data.shown.length} of ${amount(data.tracts)} tracts can be chosen here: the largest, and those with the most missing values.</p>`
      : '';
  const panels = data.shown.map((tract) => {
    const title = `${words(data.target)} in ${tract.name}`;
    const every = tract.history.stepsPerPoint;
    const recent = tract.history.times.length > tract.recent.times.length || every > 1;
    return `<article class="tract" id="tract-${place.get(tract.id)}"${tract.id === first ? '' : ' hidden'}>
<h3>${shortened(tract.name)} <small>${tract.missing === 0 ? 'no value missing' : `${amount(tract.missing)} ${tract.missing === 1 ? 'value' : 'values'} missing`}</small></h3>
<p>Whole history, ${every === 1 ? `every ${data.step}` : `mean of each ${span(data.step, every)}`}.</p>
${lineChart(tract.history, { title, step: data.step })}
${recent ? `<p>The last ${tract.recent.times.length} ${data.step}s, one by one.</p>${lineChart(tract.recent, { title: `${title}, newest values`, step: data.step })}` : ''}
</article>`;
  });
  return `<section><h2>${data.tracts === 1 ? 'The series' : 'Tract by tract'}</h2>
<p class="legend"><span class="key filled-key"></span> filled, not published</p>
<p class="picker"><label for="picker">Tract</label> <select id="picker">${options.join('')}</select></p>
${panels.join('\n')}
${some}</section>`;
}

function missing({ missingness, tracts: total, missing: none }: ProfileData): string {
  if (missingness.periods.length === 0) return '';
  if (none === 0) return '<section><h2>Missing values</h2><p>Every value was published.</p></section>';
  const cell = (share: number | null) => {
    if (share === null) return '<td class="m none">·</td>';
    if (share === 0) return '<td class="m m0">0</td>';
    return `<td class="m m${Math.min(5, 1 + Math.floor(share * 5))}">${Math.max(1, Math.round(share * 100))}</td>`;
  };
  const row = (name: string, shares: (number | null)[]) =>
    `<tr><th scope="row">${name}</th>${shares.map(cell).join('')}</tr>`;
  const rows = missingness.rows.filter(({ shares }) => shares.some((share) => share !== null && share > 0));
  const some =
    rows.length < total ? ` The ${rows.length} with the most are listed, out of ${amount(total)}.` : '';
  return `<section><h2>Missing values</h2>
<p>Per cent of the values that were not published, by tract and period; a dot stands where a tract had not begun.${some}</p>
<div class="scroll tall" tabindex="0"><table class="heat"><caption>Missing values, per cent</caption>
<thead><tr><th scope="col">Tract</th>${missingness.periods.map((period) => `<th scope="col">${escaped(period)}</th>`).join('')}</tr></thead>
<tbody>${row('All', missingness.all)}${rows.map(({ name, shares }) => row(shortened(name, 28), shares)).join('')}</tbody></table></div></section>`;
}

function cycle({ cycle, scale }: ProfileData): string {
  if (scale !== 'count' || cycle.rows.every(({ ratio }) => ratio === null)) return '';
  const most = Math.max(1, ...cycle.rows.map(({ ratio }) => ratio ?? 0));
  const rows = cycle.rows.map(
    ({ label, ratio, n }) => [label, percent(ratio), amount(n), (ratio ?? 0) / most] as const,
  );
  return `<section><h2>By ${cycle.name}</h2>
<p>What is published against the mean of the time around it: 100 % means no difference.</p>
${barTable([sentence(cycle.name), 'Against the mean', 'Values'], rows)}</section>`;
}

function distribution({ distribution: bins, target, step }: ProfileData): string {
  if (bins.length === 0) return '';
  const all = bins.reduce((sum, { count }) => sum + count, 0);
  const most = Math.max(...bins.map(({ count }) => count));
  const rows = bins.map(
    ({ label, count }) =>
      [label, percent(all ? count / all : 0), amount(count), most ? count / most : 0] as const,
  );
  return `<section><h2>How large the values are</h2>
<p>How often a tract’s ${escaped(words(target))} of one ${step} ${bins.length > 1 ? 'lie in each range' : 'were seen'}; filled values are left out.</p>
${barTable([sentence(words(target)), 'Share', 'Values'], rows)}</section>`;
}

/** A table whose rows carry a bar: read as a table, seen as a chart, and never too wide for a phone. */
function barTable(
  [first, second, third]: [string, string, string],
  rows: (readonly [string, string, string, number])[],
): string {
  const body = rows.map(
    ([label, share, count, width]) =>
      `<tr><th scope="row">${escaped(label)}</th><td class="number">${share}</td><td class="bar"><span style="width:${(width * 100).toFixed(1)}%"></span></td><td class="number">${count}</td></tr>`,
  );
  return `<table class="bars"><thead><tr><th scope="col">${escaped(first)}</th><th scope="col" class="number">${second}</th><th scope="col"><span class="unseen">Bar</span></th><th scope="col" class="number">${third}</th></tr></thead><tbody>${body.join('')}</tbody></table>`;
}

function correlations({ correlations: { names, matrix }, target, sampledRows }: ProfileData): string {
  if (names.length < 2) return '';
  const shown = names.map((name) => escaped(words(name === 'value' ? target : name)));
  const cell = (value: number | null) => {
    if (value === null) return '<td class="c">–</td>';
    const strength = Math.round(Math.abs(value) * 70);
    return `<td class="c ${value < 0 ? 'minus' : 'plus'}" style="--s:${strength}%">${value.toFixed(2)}</td>`;
  };
  const sample = sampledRows === null ? '' : ` From a sample of ${amount(sampledRows)} rows.`;
  return `<section><h2>What goes together</h2>
<p>The columns that rise and fall most closely with ${escaped(words(target))}. 1 means always together, −1 always in opposite directions, 0 no straight-line relation.${sample}</p>
<div class="scroll" tabindex="0"><table class="heat corr"><caption>Correlation of each pair of columns</caption>
<thead><tr><td></td>${shown.map((name) => `<th scope="col">${name}</th>`).join('')}</tr></thead>
<tbody>${matrix.map((row, i) => `<tr><th scope="row">${shown[i]}</th>${row.map(cell).join('')}</tr>`).join('')}</tbody></table></div></section>`;
}

function columns({ columns: facts, target }: ProfileData): string {
  const row = (fact: ColumnFacts) =>
    `<tr><th scope="row">${escaped(words(fact.name === 'value' ? target : fact.name))}<small>${shortened(words(fact.description), 120)}</small></th>
<td>${spark(fact.histogram)}</td><td class="number">${amount(fact.q01)}</td><td class="number">${amount(fact.median)}</td><td class="number">${amount(fact.q99)}</td><td>${shortened(fact.unit, 24)}</td><td class="number">${percent(fact.nullShare)}</td></tr>`;
  return `<section><h2>Every column</h2>
<p>The middle value, and the range that holds 98 of 100 values.</p>
<div class="scroll" tabindex="0"><table class="columns"><caption>Columns of the data set</caption>
<thead><tr><th scope="col">Column</th><th scope="col">Spread</th><th scope="col" class="number">Low (1 %)</th><th scope="col" class="number">Middle</th><th scope="col" class="number">High (99 %)</th><th scope="col">Unit</th><th scope="col" class="number">Empty</th></tr></thead>
<tbody>${facts.map(row).join('')}</tbody></table></div></section>`;
}

function spark(bars: number[]): string {
  const most = Math.max(...bars);
  if (!(most > 0)) return '<span class="quiet">one value</span>';
  const rects = bars.map((count, at) => {
    const height = count === 0 ? 0 : Math.max(1, (count / most) * 24);
    return `<rect x="${at * 5}" y="${(24 - height).toFixed(1)}" width="4" height="${height.toFixed(1)}"/>`;
  });
  return `<svg class="spark" viewBox="0 0 80 24" aria-hidden="true">${rects.join('')}</svg>`;
}

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
