import { readZip, ZipError } from '../../clients/read-zip.ts';
import { REVIEW_LIMITS } from '../../contracts/review.ts';
import { BROKEN, Refusal } from './refusal.ts';

/** What a review's artifact holds; nothing else is looked at. */
const NAMES = ['review.json', 'forecasts.parquet', 'report.md'] as const;
export type ReviewFile = (typeof NAMES)[number];

/** Unpacks an artifact in memory. It comes from code that nobody has reviewed: each file has one of our names.
 *  @throws Refusal */
export async function openArtifact(
  zip: Uint8Array,
  limits: { unpackedBytes: number; files: number; jsonBytes: number } = REVIEW_LIMITS,
): Promise<Map<ReviewFile, Buffer>> {
  try {
    const files = await readZip(zip, {
      ...limits,
      accept(name) {
        if (!(NAMES as readonly string[]).includes(name))
          throw new ZipError(`holds ${shown(name)}, which no review has`);
        return name === 'review.json' ? limits.jsonBytes : undefined;
      },
    });
    return files as Map<ReviewFile, Buffer>;
  } catch (error) {
    if (!(error instanceof ZipError)) throw error;
    throw new Refusal(
      BROKEN,
      `The artifact of the review is not what a review submits: its zip ${error.message}.`,
      { cause: error },
    );
  }
}

/** A name from elsewhere, as plain letters. */
function shown(name: string): string {
  const plain = name.replace(/[^\w./ -]/g, '?');
  return JSON.stringify(plain.length > 60 ? `${plain.slice(0, 60)}…` : plain);
}
