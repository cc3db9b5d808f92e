import { expect, it } from 'vitest';
import { LSTM_SETTINGS } from './lstm-settings.ts';
import { shapeFor } from './lstm-shape-for.ts';

const facts = { step: 'day', season: 7, length: 900, maxLead: 7, scale: 'count' } as const;

it('looks back two weeks of days by itself, and as far as a team says', () => {
  expect(shapeFor(facts, LSTM_SETTINGS).lookback).toBe(14);
  expect(shapeFor(facts, { ...LSTM_SETTINGS, lookback: 28 }).lookback).toBe(28);
});

it('never looks back further than a third of what is known, and at least four steps', () => {
  expect(shapeFor({ ...facts, length: 60 }, { ...LSTM_SETTINGS, lookback: 100 }).lookback).toBe(20);
  expect(shapeFor(facts, { ...LSTM_SETTINGS, lookback: 2 }).lookback).toBe(4);
});
