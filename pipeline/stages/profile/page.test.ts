import { describe, expect, it } from 'vitest';
import { escaped, shortened } from '../../metrics/escape-html.ts';
import { lineChart } from './line-chart.ts';
import { amount, percent, span } from './numbers.ts';
import { page } from './page.ts';
import { binEdges, niceStep, type ProfileData, type SeriesPoints, stepsPerPoint } from './profile-data.ts';

const DAY = 86_400_000;

function points(values: (number | null)[], filled: number[] = []): SeriesPoints {
  return {
    stepsPerPoint: 1,
    times: values.map((_, day) => Date.UTC(2026, 0, 1) + day * DAY),
    values,
    filled: values.map((_, day) => filled[day] ?? 0),
  };
}

const DATA: ProfileData = {
  model: 'infections',
  target: 'new_cases',
  scale: 'count',
  step: 'day',
  first: Date.UTC(2026, 0, 1),
  last: Date.UTC(2026, 0, 3),
  tracts: 1,
  expected: 3,
  missing: 1,
  delay: 1,
  overall: points([1, 2, 3]),
  shown: [
    {
      id: 'a',
      name: 'Alpha',
      missing: 1,
      history: points([1, 2, 3], [0, 1]),
      recent: points([1, 2, 3], [0, 1]),
    },
  ],
  missingness: { periods: ['2026-01'], all: [1 / 3], rows: [{ id: 'a', name: 'Alpha', shares: [1 / 3] }] },
  distribution: [{ label: '1', count: 1 }],
  cycle: {
    name: 'weekday',
    rows: [
      { label: 'Monday', ratio: 1.5, n: 1 },
      { label: 'Sunday', ratio: 0.5, n: 1 },
    ],
  },
  columns: [
    {
      name: 'value',
      unit: 'count',
      description: 'd',
      q01: 1,
      median: 2,
      q99: 3,
      nullShare: 0,
      histogram: [1, 2],
    },
  ],
  correlations: { names: [], matrix: [] },
  sampledRows: null,
};

describe('the page', () => {
  it('shows names as text, whatever a portal calls its tracts and columns', () => {
    const evil = `<script>alert("1")</script>'&`;
    const html = page({
      ...DATA,
      model: evil,
      target: evil,
      shown: [{ ...DATA.shown[0], id: evil, name: evil }],
      missingness: { ...DATA.missingness, rows: [{ id: evil, name: evil, shares: [0.5] }] },
      columns: [{ ...DATA.columns[0], name: evil, unit: evil, description: evil }],
      correlations: {
        names: ['value', evil],
        matrix: [
          [1, 0.5],
          [0.5, 1],
        ],
      },
    });
    expect(html.match(/<script/g)).toHaveLength(1); // the page's own
    expect(html).not.toContain('alert("1")');
    expect(html).toContain('&lt;script&gt;alert(&quot;1&quot;)');
  });

  it('loads nothing from elsewhere', () => {
    expect(page(DATA)).not.toMatch(/https?:|src=|@import|url\(/);
  });

  it('says the top-line facts in words', () => {
    const html = page(DATA);
    expect(html).toContain('1 values (33 %) were not published');
    expect(html).toContain('Sundays are lowest (50 % of the values around them), Mondays highest (150 %)');
    expect(html).toContain('The newest day of each file is usually not complete yet');
  });

  it('gives every table heading a scope', () => {
    const headings = page(DATA).match(/<th(?: [^>]*)?>/g) ?? [];
    expect(headings.length).toBeGreaterThan(10);
    expect(headings.filter((heading) => !heading.includes('scope='))).toEqual([]);
  });
});

describe('a line chart', () => {
  it('breaks where nothing is known, and draws a lonely value as a dot', () => {
    const d = /class="line" d="([^"]*)"/.exec(
      lineChart(points([1, 2, null, 4, null]), { title: 't', step: 'day' }),
    )![1];
    expect(d.match(/M/g)).toHaveLength(2);
    expect(d.endsWith('h0')).toBe(true);
  });

  it('marks filled steps, on the line and below it, and nothing else', () => {
    const marked = lineChart(points([1, 2, 3, 4], [0, 1, 1, 0]), { title: 't', step: 'day' });
    expect(/class="filled" d="([^"]*)"/.exec(marked)![1].match(/h0/g)).toHaveLength(2);
    expect(marked.match(/<rect/g)).toHaveLength(1);
    expect(lineChart(points([1, 2, 3, 4]), { title: 't', step: 'day' })).not.toContain('<rect');
  });

  it('says that there is nothing where nothing is known', () => {
    expect(lineChart(points([null, null]), { title: 't', step: 'day' })).toContain('No values');
  });

  it('draws a series that never moves, and one of a single value', () => {
    for (const values of [[0, 0, 0], [5], [-3, -3]]) {
      expect(lineChart(points(values), { title: 't', step: 'day' })).not.toMatch(/NaN|Infinity|undefined/);
    }
  });
});

describe('sizes of points', () => {
  it('keeps days up to 400 of them, then whole weeks', () => {
    expect([400, 401, 2_800, 2_801].map((length) => stepsPerPoint('day', length))).toEqual([1, 7, 7, 14]);
  });

  it('stays within 400 points for a century of hours', () => {
    const size = stepsPerPoint('hour', 876_600);
    expect(Math.ceil(876_600 / size)).toBeLessThanOrEqual(400);
    expect(size % 672).toBe(0);
  });
});

describe('numbers', () => {
  it('are written as people write them', () => {
    expect([1234567, 1234.56, 0.012345, 12.345, null].map(amount)).toEqual([
      '1,234,567',
      '1,235',
      '0.0123',
      '12.3',
      '–',
    ]);
    expect([0, 0.0004, 0.0126, 0.5, 0.9996, 1, null].map(percent)).toEqual([
      '0 %',
      'under 0.1 %',
      '1.3 %',
      '50 %',
      'over 99.9 %',
      '100 %',
      '–',
    ]);
    expect([span('day', 7), span('day', 1), span('day', 14), span('hour', 24), span('month', 3)]).toEqual([
      'week',
      'day',
      '2 weeks',
      'day',
      '3 months',
    ]);
  });

  it('have bars of counts at 0, 1, 2, 5, 10 …, of other values at even steps', () => {
    expect(binEdges('count', 0, 30)).toEqual([0, 1, 2, 5, 10, 20]);
    expect(binEdges('count', 0, 0)).toEqual([0, 1]);
    expect(binEdges('real', -3, 25)).toEqual([-4, -2, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24]);
    expect(binEdges('real', 5, 5)).toEqual([5]);
  });

  it('have steps of 1, 2 or 5 times a power of ten', () => {
    expect([0.3, 1, 1.01, 3, 51, 0, Number.NaN].map(niceStep)).toEqual([0.5, 1, 2, 5, 100, 1, 1]);
  });
});

describe('names', () => {
  it('are cut by characters before they are escaped', () => {
    expect(shortened('ab<cdef', 4)).toBe('ab&lt;…');
    expect(shortened('👩‍⚕️x', 50)).toBe('👩‍⚕️x');
    expect(escaped(`&<>"'`)).toBe('&amp;&lt;&gt;&quot;&#39;');
  });
});
