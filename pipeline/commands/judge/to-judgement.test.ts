import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MetricsFile } from '../../contracts/metrics.ts';
import type { Promotion } from '../../contracts/promotion.ts';
import type { Judgement, ReviewSubmission } from '../../contracts/review.ts';
import { plainJudgement, toJudgement } from './to-judgement.ts';
import { oneLine, wholeStatus } from './whole-status.ts';

const OUTCOMES: Promotion['outcome'][] = [
  'first',
  'better',
  'not-better',
  'worse',
  'inconclusive',
  'refused',
];
const merges = (outcome: Promotion['outcome']) => outcome !== 'worse' && outcome !== 'refused';
const promotes = (outcome: Promotion['outcome']) => outcome === 'first' || outcome === 'better';

function verdict(outcome: Promotion['outcome'], wape = 0.15) {
  const promotion = {
    model: 'm',
    outcome,
    merge: merges(outcome),
    promote: promotes(outcome),
    reason: `it is ${outcome}`,
    metric: 'wape',
  } as Promotion;
  const metrics = { models: [{ role: 'challenger', overall: { wape } }] } as unknown as MetricsFile;
  return { promotion, metrics };
}

const submitted = (outcome: Promotion['outcome'], wape = 0.15) =>
  ({ ...verdict(outcome, wape), gate: null }) as unknown as ReviewSubmission;

const PLAIN = { needsPromotion: false, otherRules: false };

describe('toJudgement', () => {
  it('lets through what is not worse, and says how it stands', () => {
    const judge = (outcome: Promotion['outcome']) => {
      const { status, headline } = toJudgement(verdict(outcome), submitted(outcome), PLAIN);
      return [status, headline];
    };
    expect(OUTCOMES.map(judge)).toEqual([
      ['success', 'First model'],
      ['success', 'Better'],
      ['success', 'Not better'],
      ['failure', 'Worse'],
      ['success', 'Inconclusive'],
      ['failure', 'Refused'],
    ]);
  });

  it('asks for more where another version is to be served', () => {
    const judge = (outcome: Promotion['outcome']) =>
      toJudgement(verdict(outcome), submitted(outcome), { ...PLAIN, needsPromotion: true }).status;
    expect(OUTCOMES.filter((outcome) => judge(outcome) === 'success')).toEqual(['first', 'better']);
  });

  it('calls a better verdict than its own forged or stale', () => {
    const forged = toJudgement(verdict('inconclusive'), submitted('better'), PLAIN);
    expect(forged).toMatchObject({ status: 'failure', headline: 'Forged or stale figures' });
    expect(forged.reason).toContain('“Better”');
    // A worse verdict than its own harms nobody but who submits it.
    expect(toJudgement(verdict('better'), submitted('worse'), PLAIN).status).toBe('success');
    // Where the rules are changed too, the review went by others.
    const others = toJudgement(verdict('inconclusive'), submitted('better'), { ...PLAIN, otherRules: true });
    expect(others.status).toBe('success');
    expect(others.notes.join()).toContain('rules');
  });

  it('notes figures that differ beyond rounding', () => {
    expect(toJudgement(verdict('better', 0.15), submitted('better', 0.15 + 1e-9), PLAIN).notes).toEqual([]);
    expect(toJudgement(verdict('better', 0.15), submitted('better', 0.14), PLAIN).notes[0]).toContain(
      '0.1400',
    );
  });

  it('is never a success unless its own verdict is', () => {
    const outcome = fc.constantFrom(...OUTCOMES);
    fc.assert(
      fc.property(outcome, outcome, fc.boolean(), fc.boolean(), (own, told, needsPromotion, otherRules) => {
        const { status } = toJudgement(verdict(own), submitted(told), { needsPromotion, otherRules });
        if (status === 'success') expect(needsPromotion ? promotes(own) : merges(own)).toBe(true);
      }),
    );
  });
});

describe('the required status', () => {
  const say = (model: string, status: Judgement['status']) =>
    plainJudgement(model, status, { headline: 'Told', reason: 'so it is' });

  it('is that of the worst model', () => {
    expect(wholeStatus([say('a', 'success'), say('b', 'failure'), say('c', 'pending')])).toEqual({
      state: 'failure',
      description: 'b: Told: so it is',
    });
    expect(wholeStatus([say('a', 'failure'), say('b', 'error')]).state).toBe('error');
    expect(wholeStatus([say('a', 'success'), say('b', 'pending')]).state).toBe('pending');
    expect(wholeStatus([say('a', 'success'), say('b', 'success')])).toEqual({
      state: 'success',
      description: '2 models may be merged. a (and b): Told: so it is',
    });
  });

  it('is no success where nothing was judged', () => {
    expect(wholeStatus([]).state).toBe('error');
  });

  it('is one line of 140 letters in which nothing turns', () => {
    expect(oneLine('a\u202eb\r\nc\u0000d')).toBe('a b c d');
    expect([...oneLine('🦠'.repeat(200))]).toHaveLength(140);
  });
});
