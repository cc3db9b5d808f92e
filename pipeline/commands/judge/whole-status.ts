import type { StatusState } from '../../contracts/github.ts';
import type { Judgement } from '../../contracts/review.ts';

/** What GitHub takes of a status's description. */
const LONGEST = 140;
const WORST_FIRST: StatusState[] = ['error', 'failure', 'pending', 'success'];

/** The required status: the worst of all models. Nothing judged is nothing allowed. */
export function wholeStatus(judgements: Judgement[]): { state: StatusState; description: string } {
  const state = WORST_FIRST.find((one) => judgements.some(({ status }) => status === one));
  if (!state) return { state: 'error', description: 'No model was judged.' };
  const [first, ...others] = judgements.filter(({ status }) => status === state);
  if (judgements.length === 1) return { state, description: describe(first) };
  const more = others.length === 0 ? '' : ` (and ${others.map(({ model }) => model).join(', ')})`;
  const all = state === 'success' ? `${judgements.length} models may be merged. ` : '';
  return { state, description: oneLine(`${all}${first.model}${more}: ${describe(first)}`) };
}

export function describe({ headline, reason }: Judgement): string {
  return oneLine(`${headline}: ${reason}`);
}

/** One line of at most 140 characters; nothing in it turns or hides what people read. */
export function oneLine(text: string): string {
  const line = text
    .replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  const letters = [...line];
  return letters.length <= LONGEST
    ? line
    : `${letters
        .slice(0, LONGEST - 1)
        .join('')
        .trimEnd()}…`;
}
