import { randomBytes } from 'node:crypto';
import type { Run } from '../../clients/mlflow/answers.ts';
import type { Mlflow } from '../../clients/mlflow/mlflow.ts';
import type { BundleFiles } from '../../contracts/bundle.ts';
import { CorruptError } from '../../contracts/errors.ts';
import { MANIFEST, readManifest, verifyBundle } from '../manifest.ts';

const AT_ONCE = 4;

/** Stores a bundle below a run's artifacts, and looks at what was stored. In a folder of its own each time: servers write
 *  files in place, so nobody may ever write where another one reads.
 *  @returns the folder
 *  @throws CorruptError if the server holds something else afterwards */
export async function storeBundle(
  mlflow: Mlflow,
  run: Run,
  { files, digest }: { files: BundleFiles; digest: string },
): Promise<string> {
  const folder = `bundle/${digest.slice(0, 12)}-${randomBytes(3).toString('hex')}`;
  await storeFiles(mlflow, run, { folder, files });
  readManifest(await mlflow.artifact(run, `${folder}/${MANIFEST}`), digest);
  return folder;
}

/** Stores files below a folder of a run's artifacts, and looks at what was stored.
 *  @throws CorruptError if the server holds less of one afterwards */
export async function storeFiles(
  mlflow: Mlflow,
  run: Run,
  { folder, files }: { folder: string; files: BundleFiles },
): Promise<void> {
  await each([...files], ([path, bytes]) => mlflow.uploadArtifact(run, `${folder}/${path}`, bytes));
  const stored = await sizesBelow(mlflow, run, folder);
  for (const [path, bytes] of files) {
    // Some stores do not tell a size.
    const size = stored.get(path) ?? (stored.has(path) ? bytes.byteLength : null);
    if (size === bytes.byteLength) continue;
    throw new CorruptError(
      `MLflow stored ${size === null ? 'no' : `${size} bytes of the`} file ${folder}/${path}, expected ${bytes.byteLength} bytes`,
      { hint: 'look at the disk of the artifact store, then run again', facts: { run: run.info.run_id } },
    );
  }
}

/** A bundle, every byte checked.
 *  @param of what people call it, for messages
 *  @throws CorruptError naming the file that is missing or not what it was */
export async function fetchBundle(
  mlflow: Mlflow,
  run: Run,
  { folder, digest, of }: { folder: string; digest: string; of: string },
): Promise<BundleFiles> {
  try {
    const files = await fetchFiles((path) => mlflow.artifact(run, `${folder}/${path}`), {
      manifest: MANIFEST,
      listedIn: (bytes) => readManifest(bytes, digest).manifest.files,
    });
    verifyBundle(files, digest);
    return files;
  } catch (error) {
    if (!(error instanceof CorruptError)) throw error;
    throw new CorruptError(`${of} in MLflow is damaged: ${error.message}`, {
      cause: error,
      hint: `roll back to another version, or restore the artifacts of run ${run.info.run_id} below ${folder}`,
      facts: { ...error.facts, run: run.info.run_id },
    });
  }
}

/** A manifest and the files that it lists, a few at a time; what is not there is left out.
 *  @param options.listedIn reads a manifest, and throws where it is not the right one
 *  @returns unverified */
export async function fetchFiles(
  read: (path: string) => Promise<Uint8Array | null>,
  { manifest, listedIn }: { manifest: string; listedIn: (bytes: Uint8Array | null) => object },
): Promise<BundleFiles> {
  const files: BundleFiles = new Map();
  const fetch = async (path: string) => {
    const bytes = await read(path);
    if (bytes) files.set(path, bytes);
    return bytes;
  };
  await each(Object.keys(listedIn(await fetch(manifest))), fetch);
  return files;
}

/** @returns path below `folder` → bytes, undefined where the store does not tell */
async function sizesBelow(
  mlflow: Mlflow,
  run: Run,
  folder: string,
): Promise<Map<string, number | undefined>> {
  const sizes = new Map<string, number | undefined>();
  const open = [folder];
  for (let next = open.pop(); next !== undefined; next = open.pop())
    for (const entry of await mlflow.listArtifacts(run, next)) {
      if (entry.is_dir) open.push(entry.path);
      else sizes.set(entry.path.slice(folder.length + 1), entry.file_size);
    }
  return sizes;
}

/** A few at a time; the first failure ends it. */
async function each<T>(items: T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const waiting = [...items];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift())
        await work(item).catch((error) => {
          waiting.length = 0;
          throw error;
        });
    }),
  );
}
