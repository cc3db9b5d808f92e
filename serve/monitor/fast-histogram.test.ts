import { Histogram, Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { FastHistogram } from './fast-histogram.ts';

const about = { name: 'seconds', help: 'How long.', labelNames: ['route'] as const, buckets: [0.1, 0.5, 1] };

it('writes what prom-client’s own histogram writes', async () => {
  const [ours, theirs] = [new Registry(), new Registry()];
  const fast = new FastHistogram({ ...about, registry: ours });
  const usual = new Histogram({ ...about, labelNames: ['route'], registers: [theirs] });
  for (const histogram of [fast, usual]) {
    // On a bound, below the first, above the last.
    for (const value of [0.1, 0.05, 0.5, 0.500001, 7]) histogram.observe({ route: '/a' }, value);
    histogram.observe({ route: 'b"\n' }, 0.2);
  }
  const lines = async (registry: Registry) => (await registry.metrics()).split('\n').sort();
  const sorted = (text: string[]) => text.map((line) => line.replace(/\{(.*)\}/, labelsSorted));
  expect(sorted(await lines(ours)).sort()).toEqual(sorted(await lines(theirs)).sort());
});

it('keeps a bounded number of series', async () => {
  const registry = new Registry();
  const histogram = new FastHistogram({ ...about, registry });
  for (let version = 0; version < 200; version++) histogram.observe({ route: `${version}` }, 1);
  const text = await registry.metrics();
  expect(text.match(/seconds_count/g)).toHaveLength(64);
  expect(text).toContain('seconds_count{route="199"} 1');
});

function labelsSorted(_: string, labels: string): string {
  return `{${labels.split(',').sort().join(',')}}`;
}
