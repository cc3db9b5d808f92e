import { resolve } from 'node:path';
import { getInput } from '@actions/core';
import { z } from 'zod';
import { UsageError } from '../contracts/errors.ts';

const Share = z.coerce.number().min(0).max(1);
const YesNo = z.enum(['true', 'false']).transform((text) => text === 'true');

const Inputs = z.object({
  data: z.string(),
  metrics: z.string(),
  predictions: z.string(),
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'lower-case letters, digits and dashes, at most 40'),
  metric: z.string().max(60),
  'min-improvement': Share,
  'allowed-loss': Share,
  'block-times': z.coerce.number().int().min(1).max(1_000),
  'min-times': z.coerce.number().int().min(1),
  comment: YesNo,
  'fail-on-worse': YesNo,
  token: z.string(),
});
export type Inputs = z.infer<typeof Inputs>;

const DEFAULTS: Partial<Record<keyof Inputs, string>> = {
  name: 'model',
  'min-improvement': '0.02',
  'allowed-loss': '0.01',
  'block-times': '8',
  'min-times': '28',
  comment: 'true',
  'fail-on-worse': 'true',
};

/** What `with:` of the step says; a shell may lose variables with a dash in their name, so they come with another sign.
 *  @throws UsageError naming the input that is wrong */
export function readInputs(): Inputs {
  const given = Object.fromEntries(
    Object.keys(Inputs.shape).map((name) => [
      name,
      getInput(name.replaceAll('-', '_')) || (DEFAULTS[name as keyof Inputs] ?? ''),
    ]),
  );
  const parsed = Inputs.safeParse(given);
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues;
    throw new UsageError(`the input \`${path.join('.')}\` is not what it should be: ${message}`);
  }
  const { data, metrics, predictions } = parsed.data;
  if (metrics && predictions)
    throw new UsageError('give `metrics` or `predictions`, not both', { hint: 'predictions say more' });
  if (!data && !metrics && !predictions)
    throw new UsageError('give at least one of `data`, `metrics` and `predictions`');
  return parsed.data;
}

/** Files are named from where the workflow's steps stand. */
export function fileAt(path: string, env: NodeJS.ProcessEnv): string {
  return resolve(env.GITHUB_WORKSPACE ?? process.cwd(), path);
}
