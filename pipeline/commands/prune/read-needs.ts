import { parse } from 'yaml';
import { z } from 'zod';
import { filesAt, textsOf } from '../../clients/git-objects.ts';
import { CorruptError } from '../../contracts/errors.ts';
import { Sha256 } from '../../contracts/scalars.ts';
import type { RefAt } from './read-refs.ts';

/** What one branch, tag or recent commit needs. */
export interface Needs {
  ref: RefAt;
  /** `production.json` by model. */
  production: Map<string, { version: string; digest: string; run: string | null }>;
  /** Data version of `data.dvc`; null: it has none. */
  data: string | null;
  /** Hashes of what DVC tracks there. */
  objects: Set<string>;
}

/** Reads them from git's objects alone. A file that many commits share is read once.
 *  @throws CorruptError for a file that does not say what is needed: nothing may be removed then */
export async function readNeeds(root: string, refs: RefAt[]): Promise<Needs[]> {
  const texts = new Map<string, string>();
  const byCommit = new Map<string, Omit<Needs, 'ref'>>();
  const all: Needs[] = [];
  for (const ref of refs) {
    let needs = byCommit.get(ref.commit);
    if (!needs) {
      needs = { production: new Map(), data: null, objects: new Set() };
      const files = (await filesAt(root, ref.commit)).filter(({ path }) => tells(path));
      const unread = files.filter(({ oid }) => !texts.has(oid));
      for (const [oid, text] of await textsOf(root, unread)) texts.set(oid, text);
      for (const { path, oid } of files) {
        try {
          take(needs, path, texts.get(oid) as string);
        } catch (cause) {
          throw new CorruptError(`${path} of ${ref.name} cannot be read, so nobody knows what it needs`, {
            cause,
            hint: 'mend or delete it there; nothing was removed',
            facts: { path, ref: ref.name },
          });
        }
      }
      byCommit.set(ref.commit, needs);
    }
    all.push({ ref, ...needs });
  }
  return all;
}

const PRODUCTION = /^reports\/([^/]+)\/production\.json$/;

function tells(path: string): boolean {
  return (
    PRODUCTION.test(path) ||
    /(^|\/)dvc\.lock$/.test(path) ||
    (path.endsWith('.dvc') && !path.startsWith('.dvc/'))
  );
}

function take(needs: Omit<Needs, 'ref'>, path: string, text: string): void {
  const model = PRODUCTION.exec(path)?.[1];
  if (model !== undefined) {
    needs.production.set(model, Named.parse(JSON.parse(text)));
    return;
  }
  const tracked = path.endsWith('dvc.lock') ? lockOuts(text) : (Pointer.parse(parse(text) ?? {}).outs ?? []);
  for (const { md5 } of tracked) if (md5 !== undefined) needs.objects.add(md5);
  if (path === 'data.dvc') needs.data = tracked[0]?.md5 ?? null;
}

function lockOuts(text: string): z.infer<typeof Out>[] {
  return Object.values(Lock.parse(parse(text) ?? {}).stages ?? {}).flatMap(({ outs }) => outs ?? []);
}

/** Later formats may tell more. */
const Named = z.object({ version: z.string(), digest: Sha256, run: z.string().nullable().default(null) });
const Out = z.looseObject({
  md5: z
    .string()
    .regex(/^[0-9a-f]{32}(\.dir)?$/)
    .optional(),
});
const Pointer = z.looseObject({ outs: z.array(Out).optional() });
const Lock = z.looseObject({
  stages: z.record(z.string(), z.looseObject({ outs: z.array(Out).optional() })).optional(),
});
