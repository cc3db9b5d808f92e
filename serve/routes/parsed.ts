import type { z } from 'zod';
import { ProblemError } from '../problem.ts';

/** What a request gave, as a schema has it.
 *  @throws ProblemError 400 that names each part that does not fit */
export function parsed<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const detail = error.issues.map(({ path, message }) => [...path, message].join(': ')).join('; ');
  throw new ProblemError('question', { status: 400, title: 'The question cannot be understood', detail });
}
