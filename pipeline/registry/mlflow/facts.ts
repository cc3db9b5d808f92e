import type { ModelVersion } from '../../clients/mlflow/answers.ts';
import { CorruptError } from '../../contracts/errors.ts';
import { RegisteredVersion } from '../../contracts/registry.ts';
import { SHOWN } from './words.ts';

/** All that is known of a version but its number, which the server gives. */
export type Facts = Omit<RegisteredVersion, 'version'>;

export const DIGEST_TAG = 'perennial.digest';
/** Where among its run's artifacts the bundle is. */
export const FOLDER_TAG = 'perennial.folder';
const PIECE_TAG = 'perennial.version';
/** MLflow 2 takes 5,000 characters a tag of a version, other servers fewer bytes. */
const PIECE_LENGTH = 4000;
const FactsSchema = RegisteredVersion.omit({ version: true });

/** What a version says of itself, as the tags it is created with: the digest for searches, the facts as JSON in pieces,
 *  and some in plain words for people. */
export function tagsOf(facts: Facts): Record<string, string> {
  const pieces = piecesOf(JSON.stringify(FactsSchema.parse(facts)));
  return {
    ...plainTags(facts),
    [DIGEST_TAG]: facts.digest,
    ...Object.fromEntries(pieces.map((piece, index) => [`${PIECE_TAG}.${index + 1}`, piece])),
  };
}

/** @returns null where Perennial did not make this version
 *  @throws CorruptError where its tags were changed by hand */
export function versionOf(found: ModelVersion): RegisteredVersion | null {
  if (!Object.hasOwn(found.tags, DIGEST_TAG)) return null;
  try {
    const facts = FactsSchema.parse(JSON.parse(joined(found.tags)));
    if (facts.digest !== found.tags[DIGEST_TAG]) throw new Error('two digests');
    return { ...facts, version: nameOf(found.version) };
  } catch (cause) {
    throw new CorruptError(
      `the tags of ${nameOf(found.version)} of ${found.name} in MLflow are not as they were written`,
      {
        cause,
        hint: `somebody changed a tag ${PIECE_TAG}.… or ${DIGEST_TAG}; delete this version on MLflow's page; its bundle may be registered again`,
        facts: { version: found.version },
      },
    );
  }
}

/** MLflow's 7 is our v0007. */
export function nameOf(number: number): string {
  return `v${String(number).padStart(4, '0')}`;
}

/** @returns null for what is no version's name */
export function numberOf(version: string): number | null {
  const number = /^v\d{4,9}$/.test(version) ? Number(version.slice(1)) : 0;
  return number > 0 && nameOf(number) === version ? number : null;
}

function plainTags({ candidate, train_end, commit, data_version, metrics }: Facts): Record<string, string> {
  const scores = SHOWN.filter((name) => typeof metrics[name] === 'number').map((name) => [
    name,
    (metrics[name] as number).toPrecision(4),
  ]);
  const words = Object.entries({ candidate, train_end, commit, data_version }).filter(([, word]) => word);
  return Object.fromEntries([...words, ...scores]);
}

/** Plain ASCII, so that a cut never falls into a character and every server counts alike. */
function piecesOf(json: string): string[] {
  const ascii = json.replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return ascii.match(new RegExp(`.{1,${PIECE_LENGTH}}`, 'g')) ?? [];
}

function joined(tags: Record<string, string>): string {
  let json = '';
  for (let number = 1; Object.hasOwn(tags, `${PIECE_TAG}.${number}`); number++)
    json += tags[`${PIECE_TAG}.${number}`];
  return json;
}
