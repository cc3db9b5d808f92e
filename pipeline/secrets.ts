import { redact } from './clients/redact.ts';

/** Shorter ones stand in ordinary words: taking them out would leave nothing to read. */
const SHORTEST = 4;

const withheld = new Set<string>();

/** From now on no line that this process says or logs holds one of these values. */
export function withhold(values: readonly string[]): void {
  for (const value of values) {
    if (value.length < SHORTEST) continue;
    withheld.add(value);
    // As it stands inside of a JSON text.
    withheld.add(JSON.stringify(value).slice(1, -1));
  }
}

/** The text with `***` for every withheld value. */
export function withoutSecrets(text: string): string {
  // The longest first: one secret may be part of another.
  return redact(
    text,
    [...withheld].sort((a, b) => b.length - a.length),
  );
}
