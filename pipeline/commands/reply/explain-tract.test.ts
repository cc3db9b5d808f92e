import { expect, test } from 'vitest';
import { explainTract } from './explain-tract.ts';
import type { Published } from './read-published.ts';

const HASH = 'a'.repeat(64);

function published(tracts: { id: string; name: string }[], change: Partial<Published> = {}): Published {
  return {
    model: 'infections',
    version: 'v0003',
    from: 'the pack that `master` names',
    manifest: {
      format: 1,
      model: 'infections',
      published_at: '2026-06-30T22:15:00.000Z',
      last_time: '2026-06-30T00:00:00.000Z',
      data_version: '0123456789abcdef0123456789abcdef.dir',
      snapshot: HASH,
      bundle: 'b'.repeat(64),
      files: {},
    },
    forecasts: {
      target: 'new_cases',
      last_time: '2026-06-30T00:00:00.000Z',
      tracts: tracts.map((tract) => ({
        ...tract,
        recent: [{ time: '2026-06-30T00:00:00.000Z', value: 41, observed: true }],
        forecasts: [{ time: '2026-07-01T00:00:00.000Z', horizon: 1, point: 12.34, low: 8, high: 20.5 }],
      })),
    },
    ...change,
  };
}

const TWO = [
  { id: '42003', name: 'Allegheny' },
  { id: '42101', name: 'Philadelphia' },
];

test('by id or by name, in any case: forecast, interval, version and data version', () => {
  for (const asked of ['42003', 'allegheny', ' ALLEGHENY ']) {
    const { text, reaction } = explainTract(asked, [published(TWO)], []);
    expect(reaction).toBe('+1');
    expect(text).toContain('**Allegheny** (42003)');
    expect(text).toContain('| 2026-07-01 | 12.3 | 8.00 to 20.5 |');
    expect(text).toContain('Newest seen: 41.0 on 2026-06-30');
    expect(text).toContain(
      'Version v0003, bundle bbbbbbbbbbbb, data version 0123456789abcdef0123456789abcdef.dir',
    );
  }
});

test('an id wins over a name, and what is only like it is offered, not taken', () => {
  const [text] = [explainTract('42003', [published([{ id: '1', name: '42003' }, ...TWO])], []).text];
  expect(text).toContain('Allegheny');
  const near = explainTract('phila', [published(TWO)], []);
  expect(near).toMatchObject({ reaction: 'confused' });
  expect(near.text).toContain('Did you mean Philadelphia (42101)?');
  expect(near.text).not.toContain('forecast |');
});

test('says when it was made by a model that is no longer the approved one, and when there is nothing', () => {
  expect(explainTract('42003', [published(TWO, { version: null })], []).text).toContain(
    'not `production.json`',
  );
  expect(explainTract('x', [], ['`m` has published none.'])).toEqual({
    reaction: 'confused',
    text: 'No model has published a forecast yet. `m` has published none.',
  });
});

test('a name from elsewhere does no harm', () => {
  const evil = '](javascript:alert(1))<!-- @everyone | x';
  const { text } = explainTract('9', [published([{ id: '9', name: evil }])], []);
  expect(text).not.toMatch(/\]\(javascript|<!--|@everyone| \| x/);
  const unknown = explainTract(evil, [published(TWO)], []).text;
  expect(unknown).not.toMatch(/\]\(javascript|<!--|@everyone/);
});
