import type { z } from 'zod';

/** What a text of the pull request says, where it says it as it should; null for all else. */
export function parsed<T extends z.ZodType>(text: string | null, schema: T): z.output<T> | null {
  if (text === null) return null;
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
