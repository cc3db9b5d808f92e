import { git } from '../../clients/git.ts';
import { openTree, type ReadText } from '../../clients/tree-reader.ts';
import type { Production } from '../../contracts/promotion.ts';
import { paramsIn, productionIn } from '../../model-inputs.ts';
import { differingCode, imageCodeAt } from './image-code.ts';
import type { LastRelease } from './last-release.ts';
import { breakingWords, modelMoves, type ReleaseChange } from './release-change.ts';

const MOST_COMMITS = 500;

/** What one commit is to serve: production.json of each active model that has one. */
export async function servedAt(root: string, sha: string): Promise<Record<string, Production>> {
  const { read } = openTree(root, sha);
  const { models } = await paramsIn(read);
  const served: Record<string, Production> = {};
  for (const [model, { active }] of Object.entries(models)) {
    const production = active ? await productionIn(read, model) : null;
    if (production) served[model] = production;
  }
  return served;
}

/** What a commit would release that the last release did not have. Reads git's objects alone. */
export async function whatIsNew(
  root: string,
  sha: string,
  { last, refresh }: { last: LastRelease | null; refresh: boolean },
): Promise<ReleaseChange> {
  const served = await servedAt(root, sha);
  if (!last) {
    const models = modelMoves({}, served);
    return { first: models.length > 0, models, code: [], breaking: [], refresh: false };
  }
  const before = Object.fromEntries(
    Object.entries(last.released.models).map(([model, { version }]) => [model, version]),
  );
  const code = differingCode(await imageCodeAt(root, last.commit), await imageCodeAt(root, sha));
  const breaking = code.length > 0 ? await breakingBetween(root, last.commit, sha) : [];
  return { first: false, models: modelMoves(before, served), code, breaking, refresh };
}

async function breakingBetween(root: string, from: string, to: string): Promise<string[]> {
  const asked = ['log', '-z', '--format=%B', `--max-count=${MOST_COMMITS}`, `${from}..${to}`];
  const messages = (await git(root, asked)).stdout.split('\0').filter((message) => message.trim() !== '');
  const formats = await Promise.all([from, to].map((sha) => formatsIn(openTree(root, sha).read)));
  const words = breakingWords(messages);
  if (formats[0] !== formats[1]) words.push(`bundles have another format: ${formats.join(' → ')}`);
  return words;
}

/** Format of the bundles and packs that the code of a commit writes. */
async function formatsIn(read: ReadText): Promise<string> {
  const text = (await read('pipeline/contracts/bundle.ts')) ?? '';
  return /BUNDLE_FORMAT = (\d+)/.exec(text)?.[1] ?? '?';
}
