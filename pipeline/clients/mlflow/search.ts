import { MlflowError } from './mlflow-error.ts';

/** A value inside a filter: `name = ${quoted(name)}`. MLflow knows no escape character: a value may hold one kind of
 *  quotation mark, not both.
 *  @throws MlflowError `invalid` for a value with both */
export function quoted(value: string): string {
  if (!value.includes("'")) return `'${value}'`;
  if (!value.includes('"')) return `"${value}"`;
  throw new MlflowError(
    'invalid',
    `MLflow cannot search for ${JSON.stringify(value)}: both ' and " are in it`,
    {
      hint: 'use names and values without quotation marks',
    },
  );
}

interface Page<T> {
  items: T[];
  next?: string;
}

/** No server has that many pages: one that never stops giving tokens would be asked for ever. */
const MAX_PAGES = 1_000;

/** Every page, up to `limit` items.
 *  @throws MlflowError `not-mlflow` where a token comes twice, or there is no end */
export async function everyPage<T>(
  page: (token: string | undefined) => Promise<Page<T>>,
  { about, limit = Number.POSITIVE_INFINITY }: { about: string; limit?: number },
): Promise<T[]> {
  const all: T[] = [];
  const seen = new Set<string>();
  for (let token: string | undefined; ; ) {
    const { items, next } = await page(token);
    all.push(...items);
    if (!next || all.length >= limit) return all.slice(0, limit);
    if (seen.has(next) || seen.size >= MAX_PAGES) {
      throw new MlflowError(
        'not-mlflow',
        `MLflow: ${about}: the pages have no end (stopped after ${seen.size + 1})`,
        {
          hint: 'the server, or a proxy in front of it, repeats its answers: restart it',
        },
      );
    }
    seen.add(next);
    token = next;
  }
}
