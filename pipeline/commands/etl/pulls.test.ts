import { describe, expect, it } from 'vitest';
import { contentKey, expiryDays, type OpenRobotPull, type Proposal, planPulls } from './pulls.ts';

const NOW = new Date('2026-07-29T00:00:00Z');
const daysAgo = (days: number) => new Date(NOW.getTime() - days * 86_400_000).toISOString();
const pull = (number: number, change: Partial<OpenRobotPull> = {}): OpenRobotPull => ({
  number,
  kind: 'promotion',
  branch: `perennial/promotion-${number}`,
  headSha: `sha${number}`,
  createdAt: daysAgo(3),
  approved: false,
  content: `infections:digest${number}`,
  expiresAfterDays: 28,
  overtaken: false,
  outdated: false,
  ...change,
});
const data = pull(1, { kind: 'data', branch: 'perennial/data', content: '' });
const plan = (open: OpenRobotPull[], proposal: Proposal) =>
  planPulls(open, proposal, NOW).map((step) => ('number' in step ? `${step.do} ${step.number}` : step.do));
const promotion: Proposal = { kind: 'promotion', content: 'infections:new' };

describe('data', () => {
  it('opens one pull request, and edits it from then on', () => {
    expect(plan([], { kind: 'data' })).toEqual(['open-data']);
    expect(plan([data], { kind: 'data' })).toEqual(['edit-data 1']);
  });

  it('pushes only the branch while a promotion waits', () => {
    expect(plan([pull(2)], { kind: 'data' })).toEqual(['push-data', 'say']);
  });
});

describe('a promotion', () => {
  it('is opened, and carries the data that had a pull request of their own', () => {
    expect(plan([data], promotion)).toEqual(['push-data', 'open-promotion', 'close 1']);
  });

  it('supersedes older ones that nobody has approved', () => {
    expect(planPulls([pull(2)], promotion, NOW)).toContainEqual(
      expect.objectContaining({ do: 'close', number: 2, because: 'superseded' }),
    );
  });

  it('waits behind an approved one, which stays', () => {
    expect(plan([pull(2, { approved: true })], promotion)).toEqual(['say', 'push-data', 'say']);
  });

  it('goes beside an approved one of other models', () => {
    const other = pull(2, { approved: true, content: 'italy:digest2' });
    expect(plan([other], promotion)).toEqual(['push-data', 'open-promotion']);
  });

  it('is rebuilt where master has moved on below it, approved or not', () => {
    for (const approved of [true, false]) {
      const old = pull(2, { approved, outdated: true, content: promotion.content });
      expect(plan([old], promotion)).toEqual(['push-data', 'open-promotion', 'close 2']);
    }
  });

  it('is closed when its champion is none any more', () => {
    expect(plan([pull(2, { overtaken: true, approved: true })], { kind: 'nothing' })).toEqual(['close 2']);
  });

  it('is never opened twice', () => {
    expect(plan([pull(2, { content: promotion.content })], promotion)).toEqual(['say', 'push-data', 'say']);
  });
});

describe('expiry', () => {
  it('closes what nobody took in time: on the day itself it may still be taken', () => {
    expect(plan([pull(2, { createdAt: daysAgo(28) })], { kind: 'nothing' })).toEqual([]);
    expect(plan([pull(2, { createdAt: daysAgo(28.1) })], { kind: 'nothing' })).toEqual(['close 2']);
  });

  it('never closes what is approved, and never data', () => {
    const old = daysAgo(99);
    expect(plan([pull(2, { createdAt: old, approved: true })], { kind: 'nothing' })).toEqual([]);
    expect(plan([{ ...data, createdAt: old }], { kind: 'nothing' })).toEqual([]);
  });

  it('makes room for the data at once', () => {
    expect(plan([pull(2, { createdAt: daysAgo(40) })], { kind: 'data' })).toEqual(['close 2', 'open-data']);
  });

  it('waits four weeks, or as long as the next training takes', () => {
    expect([7, 28, 91].map(expiryDays)).toEqual([28, 28, 91]);
  });
});

it('calls proposals of the same versions the same, in any order', () => {
  const one = { model: 'a', production: { digest: '1' } };
  const other = { model: 'b', production: { digest: '2' } };
  expect(contentKey([one, other])).toBe(contentKey([other, one]));
  expect(contentKey([one])).not.toBe(contentKey([other]));
});
