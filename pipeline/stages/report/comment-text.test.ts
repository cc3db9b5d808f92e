import { booleanPointInPolygon, booleanValid, centroid } from '@turf/turf';
import fc from 'fast-check';
import type { Feature, FeatureCollection, MultiPolygon, Polygon } from 'geojson';
import MarkdownIt from 'markdown-it';
import { describe, expect, it } from 'vitest';
import { COMMENT_BYTES, commentText, summaryText } from './comment-text.ts';
import { ORDINARY, pullReport, type Words } from './sample-report.testing.ts';

const NASTY = [
  '](javascript:alert(1))',
  '<!-- hidden',
  '-->',
  '<!-- perennial:run 99999.1 -->',
  '<img src=x onerror=alert(1)>',
  '</details>',
  '</summary><script>',
  '@everyone',
  '@acme/team',
  '```',
  '~~~~',
  '````\n# heading',
  '| a | b |',
  '\\|',
  '\\',
  'line\nbreak',
  '\r\n---\r\n',
  '# heading',
  '> quote',
  '`code`',
  '![x](http://evil.example/x.png)',
  '[x]: http://evil.example',
  '[^1]: note',
  'https://evil.example/?a=b',
  'www.evil.example',
  'someone@evil.example',
  'fixes #1',
  'acme/cases#2',
  'GH-3',
  '$\\href{javascript:alert(1)}{x}$',
  '%%{init: {"securityLevel": "loose"}}%%',
  'click A call alert()',
  '"]; bar [1, 2]',
  '&lt;b&gt;&#60;&colon;',
  '\u202Eesrever\u202C',
  '\u200b\u2060\ufeff\u00ad',
  '\ud800',
  'e\u0301\u0301\u0301\u0301\u0301\u0301',
  '\u{e0041}\u{e0042}',
  '☃︎ 東京都 עברית',
  '',
  ' ',
  'x'.repeat(10_000),
  '<'.repeat(10_000),
];

const md = new MarkdownIt({ html: true, linkify: true });
// The host makes links only of what has a protocol, `www.` or an @ between letters; for the latter two see below.
md.linkify.set({ fuzzyLink: false, fuzzyEmail: false });

describe('commentText', () => {
  it('says the verdict and its reason in the first line that is seen', () => {
    const [, , , first] = commentText(pullReport()).split('\n');
    expect(first).toBe(`✓ **May be merged.** infections: ${ORDINARY.why}`);
    const refused = pullReport();
    refused.status.state = 'failure';
    refused.models[0].judgement.status = 'failure';
    expect(commentText(refused)).toContain('✗ **Must not be merged.** infections: ');
  });

  it('tells the reason of the status where it knows more than the models', () => {
    const moved = pullReport();
    moved.status = { state: 'error', description: 'the head has moved on' };
    expect(commentText(moved)).toContain('! **Could not be judged.** the head has moved on');
  });

  it('compares challenger, champion and baseline with the direction and the noise of each difference', () => {
    const text = commentText(pullReport());
    expect(text).toMatch(
      /\| \*\*WAPE\*\* \| \*\*15\.5 %\*\* \| 16\.0.%<br>▲.3\.1.% \| 26\.0.%<br>▲.40\.4.% \|/,
    );
    expect(text).toContain('interval +1.0 % to +5.2 %');
    expect(text).toContain('could have seen (in 80 of 100 cases): 2.6 %');
    expect(text).toContain('Look 2 at this champion');
  });

  it('shows every rule, and opens the fold where one is not passed', () => {
    const open = commentText(pullReport());
    expect(open).toContain('<details open>\n<summary>The rules of the decision: 1 of 3 not passed</summary>');
    const passed = pullReport();
    for (const rule of passed.models[0].judgement.promotion!.rules) rule.passed = true;
    expect(commentText(passed)).toContain('<details>\n<summary>The rules of the decision: all 3 passed');
  });

  it('is narrow: at most four columns outside of folds, and no line of a hundred words', () => {
    const outside = commentText(pullReport()).replace(/<details[\s\S]*?<\/details>/g, '');
    for (const line of outside.split('\n').filter((each) => each.startsWith('|')))
      expect(line.split(' | ').length).toBeLessThanOrEqual(4);
  });

  it('tells of data, parameters, lineage, an override, and until when the artifact is there', () => {
    const text = commentText(pullReport());
    expect(text).toContain('What changed in the data: +200 rows, 1 column, 1 warning');
    expect(text).toContain('| Up to | 2026-06-29 | 2026-06-30 |');
    expect(text).toContain('What changed in the parameters: 1');
    expect(text).toContain(`[MLflow run blend](${ORDINARY.page})`);
    expect(text).toContain(`[Adams](${ORDINARY.page}) (until 2026-09-29)`);
    expect(text).toContain('**Overridden** by blend');
  });

  it('gives a model without a comparison its verdict alone', () => {
    const report = pullReport();
    Object.assign(report.models[0], { losses: [], places: null, data: null, params: [] });
    Object.assign(report.models[0].judgement, { promotion: null, metrics: null, override: null });
    const text = commentText(report);
    expect(text).toContain('### ✓ infections: Better');
    expect(text).not.toMatch(/undefined|NaN|null|mermaid|geojson/);
  });

  it('draws a map whose shapes lie where the tracts do, coloured by what happened there', () => {
    const report = pullReport({ tracts: 25 });
    const { features } = mapsOf(commentText(report))[0];
    expect(features.length).toBeGreaterThan(20);
    for (const feature of features as Feature<Polygon | MultiPolygon>[])
      expect(booleanValid(feature)).toBe(true);
    const better = features.filter(({ properties }) => properties?.title.endsWith('better'));
    expect(new Set(better.map(({ properties }) => properties?.fill)).size).toBe(1);
    const [first] = report.models[0].places!.features;
    const there = (features as Feature<Polygon | MultiPolygon>[]).filter((feature) =>
      booleanPointInPolygon(centroid(first), feature),
    );
    expect(there).toHaveLength(1);
  });

  it.each([1, 9, 100, 3_000])('keeps the map of %i tracts within 12 kB', (tracts) => {
    const text = commentText(pullReport({ tracts }));
    const [block] = fencesOf(text).filter(({ info }) => info === 'geojson');
    expect(Buffer.byteLength(block.content)).toBeLessThan(12_000);
    expect(Buffer.byteLength(block.content)).toBeGreaterThan(300);
    if (tracts === 3_000) expect(text).toMatch(/\(the \d+ tracts that differ most\)/);
  });

  it('leaves out the map where only a few bytes are left, and says so', () => {
    const report = pullReport({ models: 40, tracts: 30 });
    const text = commentText(report);
    expect(text).toContain('Left out of some models, for want of room: slices, map');
    expect(text).toContain(`[The full report](${ORDINARY.page})`);
  });

  it.each([1, 2, 12, 40, 150, 2_000])(
    'is one valid comment with %i models, each with its verdict',
    (models) => {
      const text = commentText(pullReport({ models, tracts: models > 100 ? 1 : 30 }));
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(COMMENT_BYTES);
      whole(text);
      const told = new Set(text.match(/model-\d+/g));
      if (models <= 150) expect(told.size).toBe(models - 1);
      if (models === 2_000) expect(text).toMatch(/… and \d+ more models/);
    },
  );

  it('is the same text for the same report, and knows the run it tells of', () => {
    expect(commentText(pullReport())).toBe(commentText(pullReport()));
    expect(commentText(pullReport(), { slot: 'weekly' })).toMatch(
      /^<!-- perennial:report weekly -->\n<!-- perennial:run 12\.1 -->\n/,
    );
  });

  it('has a summary of a job without the markers, and with room for more', () => {
    const report = pullReport({ models: 40, tracts: 30 });
    expect(summaryText(report)).not.toContain('<!--');
    expect(Buffer.byteLength(summaryText(report))).toBeGreaterThan(COMMENT_BYTES);
  });
});

describe('names from elsewhere', () => {
  const ordinary = shapeOf(commentText(pullReport({ tracts: 3 })));

  it.each(NASTY)('do no harm: %j', (text) => {
    const words = Object.fromEntries(Object.keys(ORDINARY).map((key) => [key, text])) as unknown as Words;
    harmless(commentText(pullReport({ words, tracts: 3 })));
  });

  it('leave the structure as it is, whatever they are', () => {
    const piece = fc.oneof(
      fc.constantFrom(...NASTY.filter(({ length }) => length < 100)),
      fc.string({ maxLength: 20, unit: 'binary' }),
      fc.string({ maxLength: 20 }),
    );
    const word = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => `x${pieces.join('')}`);
    const words = fc.record({
      tract: word,
      candidate: word,
      column: word,
      setting: word,
      why: word,
      branch: word,
      page: fc.oneof(
        word,
        word.map((path) => `https://git.example/${path}`),
      ),
    });
    fc.assert(
      fc.property(words, (made) => {
        const text = commentText(pullReport({ words: made, tracts: 3 }));
        harmless(text);
        expect({ ...shapeOf(text), links: 0 }).toEqual({ ...ordinary, links: 0 });
      }),
      { numRuns: 25 },
    );
  }, 60_000);

  it('lead nowhere but to addresses of the web', () => {
    for (const page of [
      'javascript:alert(1)',
      'data:text/html,x',
      'ftp://x',
      '//x',
      'https://me:secret@x.example/',
    ]) {
      const text = commentText(pullReport({ words: { ...ORDINARY, page } }));
      expect(linksOf(text)).toEqual([]);
      expect(text).not.toContain('secret@');
    }
    const odd = 'https://git.example/a b)](javascript:alert(1))|`c`?q=&copy;#<x>';
    const links = linksOf(commentText(pullReport({ words: { ...ORDINARY, page: odd } })));
    expect(links.length).toBeGreaterThan(3);
    expect(new Set(links.map((href) => new URL(href).origin))).toEqual(new Set(['https://git.example']));
    expect(new Set(links.map((href) => new URL(href).searchParams.get('q')))).toEqual(new Set(['']));
  });
});

/** Markdown as a parser reads it: nothing of it comes from a name. */
function harmless(text: string): void {
  whole(text);
  expect(outsideFences(text).match(/<!--/g)).toHaveLength(2);
  expect(text).toMatch(/^<!-- perennial:report -->\n<!-- perennial:run 12\.1 -->\n\n/);
  expect(text).not.toMatch(/\p{Cs}/u);
  for (const token of flat(read(text))) {
    if (token.type === 'html_inline' || token.type === 'html_block')
      for (const tag of token.content.match(/<[^>]*>/g) ?? []) expect(OURS).toContain(tag.trim());
    if (token.type === 'image') expect.fail(`an image: ${token.content}`);
    if (token.type === 'link_open') expect(token.attrGet('href')).toMatch(/^https?:\/\//);
    if (token.type === 'text') {
      expect(token.content).not.toMatch(/@[\w-]/);
      expect(token.content).not.toMatch(/(^|\W)#\d|\bGH-\d|:\/\/|\bwww\./i);
      expect(token.content).not.toMatch(/[\u202a-\u202e\u2066-\u2069]|\u2060|\ufeff|[\u{e0000}-\u{e007f}]/u);
    }
  }
  for (const map of mapsOf(text))
    for (const { properties } of map.features) expect(properties?.title).not.toMatch(/[<>&@"`|[\]\\]/);
  for (const { content } of fencesOf(text).filter(({ info }) => info === 'mermaid'))
    expect(content.replace(/^%%\{init: .*\}%%\n/, '')).toMatch(MERMAID);
}

const OURS = [
  ...['<details>', '<details open>', '</details>', '</summary>', '<summary>', '<sub>', '</sub>', '<br>'],
  ...['<!-- perennial:report -->', '<!-- perennial:run 12.1 -->'],
];

const MERMAID =
  /^xychart-beta\n {2}x-axis "[\w ,]+" (\d+ --> \d+|\[[\d, ]+\])\n {2}y-axis [-\d.]+ --> [-\d.]+\n( {2}line \[[-\d., ]+\]\n?)+$/;

/** Every fence, fold and table is closed. */
function whole(text: string): void {
  const outside = outsideFences(text);
  for (const tag of ['details', 'summary', 'sub'])
    expect(outside.split(`</${tag}>`)).toHaveLength(
      (outside.match(new RegExp(`<${tag}( open)?>`, 'g'))?.length ?? 0) + 1,
    );
  const tokens = read(text);
  expect(tokens.at(-1)?.type).toBe('paragraph_close');
  for (const { content } of fencesOf(text)) expect(content).not.toContain('\n\n');
  let columns = 0;
  let cells = 0;
  for (const { type } of tokens) {
    if (type === 'thead_open') columns = 0;
    if (type === 'th_open') columns++;
    if (type === 'tr_open') cells = 0;
    if (type === 'td_open') cells++;
    if (type === 'tr_close' && cells > 0) expect(cells).toBe(columns);
  }
}

function outsideFences(text: string): string {
  const lines = text.split('\n');
  for (const { map } of fencesOf(text)) lines.fill('', map![0], map![1]);
  return lines.join('\n');
}

function shapeOf(text: string) {
  const tokens = flat(read(text));
  const count = (type: string) => tokens.filter((token) => token.type === type).length;
  return {
    headings: count('heading_open'),
    tables: count('table_open'),
    rows: count('tr_open'),
    fences: fencesOf(text).map(({ info }) => info),
    lists: count('bullet_list_open') + count('ordered_list_open'),
    items: count('list_item_open'),
    quotes: count('blockquote_open'),
    code: count('code_inline') + count('code_block'),
    rules: count('hr'),
    folds: (text.match(/<details/g) ?? []).length,
    links: count('link_open'),
  };
}

type Tokens = ReturnType<typeof md.parse>;

let last: { text: string; tokens: Tokens } | null = null;

function read(text: string): Tokens {
  if (last?.text !== text) last = { text, tokens: md.parse(text, {}) };
  return last.tokens;
}

function flat(tokens: Tokens): Tokens {
  return tokens.flatMap((token) => [token, ...flat(token.children ?? [])]);
}

function fencesOf(text: string) {
  return read(text).filter(({ type }) => type === 'fence');
}

function linksOf(text: string): string[] {
  return flat(read(text)).flatMap((token) =>
    token.type === 'link_open' ? [String(token.attrGet('href'))] : [],
  );
}

function mapsOf(text: string): FeatureCollection[] {
  return fencesOf(text)
    .filter(({ info }) => info === 'geojson')
    .map(({ content }) => JSON.parse(content));
}
