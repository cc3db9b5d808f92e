import { createRequire } from 'node:module';
import { iso1A2Code } from '@rapideditor/country-coder';
import countries from 'i18n-iso-countries';
import type { Tract } from '../../contracts/panel.ts';

const require = createRequire(import.meta.url);
const LANGUAGES = ['en', 'it', 'fr', 'de', 'es', 'pt'];

/**
 * ISO 3166-1 alpha-2 of each tract, from what the data says first, from where it lies second, from its own code or
 * name (a file of countries) last. Holidays hang on it; where nothing tells it stays unknown.
 */
export function withCountries(tracts: Tract[]): Tract[] {
  const named = tracts.map((tract) => codeOf(tract.country) ?? codeAt(tract) ?? null);
  // A table whose tracts are countries has nearly all of their codes or names; a province code that happens to
  // read like a country (Italy's "AL", "DE") does not make one.
  const own = tracts.map(
    (tract) => codeOf(tract.name) ?? codeOf(tract.id.length === 3 ? tract.id : undefined),
  );
  const areCountries = own.filter(Boolean).length >= 0.8 * tracts.length;
  return tracts.map((tract, index) => {
    const country = named[index] ?? (areCountries ? own[index] : undefined);
    return country ? { ...tract, country } : { ...tract, country: undefined };
  });
}

/** A code or a name in a common language. */
function codeOf(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  if (!trimmed || /^\d+$/.test(trimmed)) return undefined;
  const upper = trimmed.toUpperCase();
  if (upper.length === 2) return countries.isValid(upper) ? upper : undefined;
  if (upper.length === 3) return countries.alpha3ToAlpha2(upper);
  for (const language of LANGUAGES) {
    countries.registerLocale(require(`i18n-iso-countries/langs/${language}.json`));
    const code = countries.getAlpha2Code(trimmed, language);
    if (code) return code;
  }
  return undefined;
}

function codeAt({ latitude, longitude }: Tract): string | undefined {
  if (latitude === undefined || longitude === undefined) return undefined;
  return iso1A2Code([longitude, latitude]) ?? undefined;
}
