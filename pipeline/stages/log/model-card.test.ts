import { describe, expect, it } from 'vitest';
import { modelCard } from './model-card.ts';
import { sampleFacts } from './sample-facts.testing.ts';

describe('the model card', () => {
  it('tells what it forecasts, how well beside the baseline, how sure, and from what', () => {
    const card = modelCard(sampleFacts());
    expect(card).toMatch(/^# Model card: m\n\n\*\*v0003 was promoted: it is the one that answers\.\*\*/);
    expect(card).toContain(
      'forecasts **new\\_cases** for each of 2 tracts, 1 to 3 days ahead, with a 90 % interval',
    );
    expect(card).toContain(
      '362 rows, one a tract and day, from 2026-01-01 to 2026-06-30. 4 of them were missing',
    );
    expect(card).toContain('On 56 cutoffs from 2026-05-01 to 2026-06-25.');
    expect(card).toMatch(/\| WAPE \(lower\)\s+\|\s+16.0 % \|\s+20.0 % \|\s+▲ 20.0 % better \|\s+30.0 % \|/);
    expect(card).toContain('held the truth in 91.2 % of the forecasts: about what they promise.');
    expect(card).toContain('Not for more than 3 days ahead');
    expect(card).toMatch(/\| data \(DVC\)\s+\| `d41d8cd98f00b204e9800998ecf8427e.dir`\s+\|/);
    expect(card).not.toContain('hush');
  });

  it.each([
    [0.86, 'less than they promise'],
    [0.87, 'about what they promise'],
    [0.93, 'about what they promise'],
    [0.94, 'more than they promise'],
    [null, 'could not be told'],
  ])('says of intervals that cover %s: %s', (coverage90, words) => {
    const facts = sampleFacts();
    facts.metrics.models[0].overall.coverage90 = coverage90;
    expect(modelCard(facts)).toContain(words);
  });

  it('says plainly when the baseline itself is published, and when nothing is', () => {
    const facts = sampleFacts();
    facts.train.is_baseline = true;
    facts.promotion.promote = false;
    const card = modelCard({ ...facts, version: null });
    expect(card).toContain('It is the baseline itself');
    expect(card).toContain('**This model was not promoted: another one answers.**');
    expect(card).toContain('not registered');
  });

  it('of values that are no counts says nothing of small counts', () => {
    const facts = sampleFacts();
    expect(modelCard(facts)).toContain('where counts are small');
    facts.schema.scale = 'real';
    expect(modelCard(facts)).not.toContain('where counts are small');
  });
});
