import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCommand } from './parse-command.ts';

describe('what is not for us', () => {
  test.each([
    '',
    'thanks!',
    'say /perennial help',
    ' /perennial help',
    '> /perennial help',
    '`/perennial help`',
    'first\n/perennial help',
    '/perennial-help',
    '/perennials',
    '/Perennial help',
    '/\u0440erennial help',
    '/peren\u200bnial help',
    '\ufeff/perennial help',
  ])('%j', (body) => {
    expect(parseCommand(body)).toEqual({ word: 'nothing' });
  });
});

test.each([
  ['/perennial', { word: 'help' }],
  ['/perennial help  \r\nplease', { word: 'help' }],
  ['/perennial retrain', { word: 'retrain', model: null }],
  ['/perennial  retrain  infections', { word: 'retrain', model: 'infections' }],
  ['/perennial explain 42003', { word: 'explain', tract: '42003' }],
  [
    '/perennial explain Valle d’Aosta/Vallée d’Aoste',
    { word: 'explain', tract: 'Valle d’Aosta/Vallée d’Aoste' },
  ],
  ['/perennial explain "P.A. Bolzano"', { word: 'explain', tract: 'P.A. Bolzano' }],
  [
    '/perennial promote --override "known bad week"',
    { word: 'override', model: null, why: 'known bad week' },
  ],
  ['/perennial promote --override="x"', { word: 'override', model: null, why: 'x' }],
  [
    '/perennial promote infections --override "für Übung"',
    { word: 'override', model: 'infections', why: 'für Übung' },
  ],
])('%j', (body, said) => {
  expect(parseCommand(body)).toEqual(said);
});

test.each([
  ['/perennial dance', 'no such command'],
  ['/perennial Retrain', 'no such command'],
  ['/perennial: retrain', 'no such command'],
  ['/perennial help me', '`help` takes nothing'],
  ['/perennial retrain a b', '`retrain` takes nothing'],
  ['/perennial retrain ../x', '`retrain` takes nothing'],
  ['/perennial explain', 'wants the id'],
  ['/perennial explain ""', 'wants the id'],
  [`/perennial explain ${'x'.repeat(201)}`, 'more than 200'],
  ['/perennial promote', 'promotes nothing by itself'],
  ['/perennial promote infections', 'promotes nothing by itself'],
  ['/perennial promote --override', 'straight quotes'],
  ['/perennial promote --override because', 'straight quotes'],
  ['/perennial promote --override “because”', 'straight quotes'],
  ['/perennial promote —override "because"', 'promotes nothing by itself'],
  ['/perennial promote --override ""', 'without a reason'],
  ['/perennial promote --override "  "', 'without a reason'],
  ['/perennial promote --override "..."', 'without a reason'],
  [`/perennial promote --override "${'x'.repeat(501)}"`, 'longer than 500'],
  ['/perennial promote a b --override "x"', 'straight quotes'],
  ['/perennial promote A --override "x"', 'only the name of one model'],
  [`/perennial explain ${'x'.repeat(2_000)}`, 'longer than 1000'],
  ['/perennial retrain\u200b', 'U+200B'],
  ['/perennial promote --override "a\u202eb"', 'U+202E'],
  ['/perennial\u00a0retrain', 'U+00A0'],
  ['/perennial explain a\u0000b', 'U+0000'],
  ['/perennial explain a\u2028b', 'U+2028'],
  ['/perennial\tretrain', 'U+0009'],
])('%j is answered in words', (body, why) => {
  expect(parseCommand(body)).toEqual({ word: 'wrong', why: expect.stringContaining(why) });
});

const LETTERS = [
  ...['explain ', 'promote ', '--override ', '"', ' ', '-', '/', 'a', 'é', '1', '=', '\\', '`', '<'],
  ...['\n', '\r', '\t', '\0', '\u200b', '\u202e', '\u00a0', '\u2028', '\ud800', '😀'],
];

test('never falls over, and never takes from a comment what is not on its first line', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...LETTERS), maxLength: 40 }), (rest) => {
      const said = parseCommand(`/perennial ${rest}`);
      expect(parseCommand(`/perennial ${rest}\nmore`)).toEqual(said);
      for (const text of ['tract' in said ? said.tract : '', said.word === 'override' ? said.why : ''])
        expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }),
  );
});
