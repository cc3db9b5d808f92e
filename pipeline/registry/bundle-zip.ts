import { ZipFile } from 'yazl';
import { readZip, ZipError } from '../clients/read-zip.ts';
import type { BundleFiles } from '../contracts/bundle.ts';
import { CorruptError } from '../contracts/errors.ts';
import { refuseUnsafe } from './manifest.ts';

/** Far more than any bundle holds, and less than fills a machine's memory. */
const LIMITS = { files: 10_000, unpackedBytes: 1_000_000_000 };

/** A bundle or an observation pack as one zip: the same files are always the same bytes.
 *  @throws UsageError if a path could lead out of the bundle */
export async function zipBundle(files: BundleFiles): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [path, bytes] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    refuseUnsafe(path);
    zip.addBuffer(Buffer.from(bytes), path, { mtime: EPOCH, mode: 0o100644, forceDosTimestamp: true });
  }
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** The other way round; what is in the files is not checked here (`verifyBundle`, `loadPack` do).
 *  @throws CorruptError for what is no zip, unpacks to more than the limits, or holds a name that leads out of it */
export async function unzipBundle(zip: Uint8Array, limits = LIMITS): Promise<BundleFiles> {
  try {
    return await readZip(zip, {
      ...limits,
      accept(name) {
        try {
          refuseUnsafe(name);
        } catch (cause) {
          throw new ZipError(
            `holds a file whose name leads elsewhere: ${JSON.stringify(name.slice(0, 80))}`,
            {
              cause,
            },
          );
        }
        return undefined;
      },
    });
  } catch (cause) {
    if (!(cause instanceof ZipError)) throw cause;
    throw new CorruptError(`the archive ${cause.message}`, {
      cause,
      hint: 'publish it again; what is served stays',
    });
  }
}

/** The first moment that a zip can tell. */
const EPOCH = new Date(1980, 0, 1);
