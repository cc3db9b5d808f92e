import type { Role } from '../../contracts/roles.ts';
import { nameMeaning } from './name-words.ts';
import { COUNTED, nameScore } from './roles.ts';

/** Without content no name is believed further than this. */
const BELIEF = 0.5;

/** What a name alone suggests. */
export function roleOfName(name: string): { role: Role; confidence: number } {
  const meaning = nameMeaning(name);
  const { concepts } = meaning;
  const measure = COUNTED.map((role) => ({ role, score: nameScore(meaning, role) })).sort(
    (a, b) => b.score - a.score,
  )[0];
  if (measure.score > 0.5) return { role: measure.role, confidence: BELIEF * measure.score };
  const plain = (['date', 'latitude', 'longitude', 'population', 'country'] as const).find((one) =>
    concepts.has(one),
  );
  if (plain) return { role: plain, confidence: BELIEF };
  if (concepts.has('place'))
    return { role: concepts.has('id') ? 'tract_id' : 'tract_name', confidence: BELIEF };
  return { role: 'other', confidence: BELIEF };
}
