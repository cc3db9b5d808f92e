import { expect, it } from 'vitest';
import type { TargetPanel } from '../../contracts/panel.ts';
import type { Curve } from '../../contracts/train.ts';
import { candidatesFor, learnedHere } from './candidates.ts';
import { knownAt } from './predict/known.ts';

const LENGTH = 150;

/** Two tracts with a weekly rhythm. */
function panel(): TargetPanel {
  const values = Float64Array.from(
    { length: 2 * LENGTH },
    (_, cell) => 50 + 10 * ((cell % LENGTH) % 7) + (cell % 11),
  );
  return {
    step: 'day',
    start: Date.UTC(2024, 0, 1),
    stepMs: 86_400_000,
    length: LENGTH,
    tracts: [
      { id: 'a', name: 'A' },
      { id: 'b', name: 'B' },
    ],
    target: 'new_cases',
    scale: 'count',
    values,
    observed: new Uint8Array(2 * LENGTH).fill(1),
    delay: 0,
  };
}

it('fits on other threads, again and again, what would be fitted here', { timeout: 120_000 }, async () => {
  const known = knownAt(panel(), LENGTH - 1);
  const there = (await candidatesFor()).filter(({ name }) => name.startsWith('trees'));
  for (let round = 0; round < 3; round++) {
    const heard: string[] = [];
    const onCurve = ({ name, points }: Curve) => heard.push(`${name} ${points.length}`);
    const request = { known, maxLead: 7, seed: 1, onCurve };
    const fits = await Promise.all(there.map((candidate) => candidate.fit(request)));
    expect(heard.sort()).toEqual(['trees-level/median-residual 199', 'trees/median-residual 199']);
    for (const fit of fits) {
      const here = await learnedHere(fit.name).fit({ known, maxLead: 7, seed: 1 });
      expect(fit.forecast(known)).toEqual(here.forecast(known));
    }
  }
});

it('gives up at once when it is cancelled, and fits again afterwards', { timeout: 120_000 }, async () => {
  const known = knownAt(panel(), LENGTH - 1);
  const [trees] = (await candidatesFor()).filter(({ name }) => name === 'trees');
  const stop = new AbortController();
  const cancelled = trees.fit({ known, maxLead: 7, seed: 1, signal: stop.signal });
  stop.abort(new Error('enough'));
  await expect(cancelled).rejects.toThrow('enough');
  expect((await trees.fit({ known, maxLead: 7, seed: 1 })).maxLead).toBe(7);
});
