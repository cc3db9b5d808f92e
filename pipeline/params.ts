import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { UsageError } from './contracts/errors.ts';
import { type ModelParams, Params } from './contracts/params.ts';

/** Reads and checks `params.yaml`.
 *  @throws UsageError that names each wrong setting, what it holds and what was expected */
export async function readParams(directory: string): Promise<Params> {
  const path = join(directory, 'params.yaml');
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw new UsageError(`${path} cannot be read`, {
      cause,
      hint: 'restore it with `git checkout params.yaml`',
    });
  });
  return parseParams(text);
}

/** The same, of a text: that of another commit, say. @throws UsageError */
export function parseParams(text: string): Params {
  let document: unknown;
  try {
    document = parse(text);
  } catch (cause) {
    // Also what is YAML and no tree: too many aliases, an anchor that is not there.
    throw new UsageError(`params.yaml is not YAML: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
  const result = Params.safeParse(document);
  if (result.success) return result.data;
  throw new UsageError(`params.yaml:\n${z.prettifyError(result.error)}`, {
    hint: 'mend the settings named above; docs/params.md lists them all',
  });
}

/** The entry of one model, with its source replaced where the caller names another. */
export function modelParams(params: Params, model: string, source?: string): ModelParams {
  const entry = params.models[model];
  if (!entry) {
    throw new UsageError(
      `there is no model "${model}" in params.yaml; it has ${Object.keys(params.models).join(', ')}`,
      {
        hint: 'add an entry under `models:`, or name one of these',
      },
    );
  }
  if (!source) return entry;
  const { simulator: _, json: __, ...kept } = entry.source;
  return { ...entry, source: { ...kept, urls: [source], format: 'auto' } };
}
