import { nameMeaning } from './name-words.ts';
import type { ColumnProfile } from './profile-columns.ts';
import { isAgeBand } from './roles.ts';

/** A column that divides the counts of one place and moment: by age or by sex. */
export interface Stratum {
  column: string;
  role: 'age_band' | 'other';
}

const MAX_VALUES = 130;
const SEXES =
  /^(m|f|w|h|d|v|k|male|female|man|woman|men|women|mann|frau|mannlich|weiblich|hombre|mujer|masculino|femenino|maschio|femmina|maschi|femmine|homme|femme|hommes|femmes)$/i;
/** Words for all strata together. */
export const ALL_STRATA =
  /^(total|totale|both|all|t|tot|ensemble|tous|gesamt|insgesamt|todos|ambos|alle|overall|0|all ages|both sexes)$/i;

/** Columns of age bands or of sex that lie along the rows. */
export function strataOf(profiles: readonly ColumnProfile[]): Stratum[] {
  return profiles.flatMap((profile): Stratum[] => {
    const { name, type, distinct, examples } = profile;
    if (distinct < 2 || distinct > MAX_VALUES || type === 'date' || type === 'empty' || type === 'number')
      return [];
    const { concepts } = nameMeaning(name);
    const counted = (['cases', 'tests', 'deaths', 'hospital', 'intensive'] as const).some((one) =>
      concepts.has(one),
    );
    if (counted || isAgeBand(name)) return [];
    const bands =
      type === 'text' &&
      examples.filter((value) => isAgeBand(plainBand(value))).length >= 0.6 * examples.length;
    if (bands || (concepts.has('age') && distinct <= MAX_VALUES)) return [{ column: name, role: 'age_band' }];
    const sexes =
      type === 'text' && distinct <= 8 && examples.filter((value) => SEXES.test(value)).length >= 2;
    return sexes || (concepts.has('sex') && distinct <= 8) ? [{ column: name, role: 'other' }] : [];
  });
}

/** `A05-A14` (Germany), `Y15-24` (Eurostat): the letters are the same in every band. */
function plainBand(text: string): string {
  return text.replace(/\b[AY](?=\d)/g, '').replace(/ ?(years|ans|anni|jahre|anos)$/i, '');
}
