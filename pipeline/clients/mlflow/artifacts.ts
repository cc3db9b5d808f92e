import { posix } from 'node:path';
import { z } from 'zod';
import { ArtifactEntry, type Run } from './answers.ts';
import { ARTIFACTS, type Ask, get } from './asked.ts';
import { PAGE, SERVE_ARTIFACTS } from './hints.ts';
import { cut } from './limits.ts';
import type { Mlflow } from './mlflow.ts';
import { MlflowError } from './mlflow-error.ts';
import { absent, hasFailed } from './outcomes.ts';
import { everyPage } from './search.ts';

type Artifacts = Pick<Mlflow, 'uploadArtifact' | 'artifact' | 'listArtifacts' | 'deleteArtifact'>;

const MAX_BYTES = 2 ** 30;

/** Files of a run, through the server's proxy: it alone needs the credentials of the store behind it. */
export function artifacts(ask: Ask): Artifacts {
  async function listArtifacts({ info }: Run, path?: string): Promise<ArtifactEntry[]> {
    const about = `artifacts of run ${info.run_id}`;
    const query = { run_id: info.run_id, path: path && checkedPath(path) };
    return everyPage(
      async (page_token) => {
        const found = await ask(get('artifacts/list', { ...query, page_token }, { about }), Listing);
        return { items: found.files, next: found.next_page_token };
      },
      { about },
    );
  }

  /** @returns null where the listing does not have it either */
  async function really(error: MlflowError, run: Run, path: string): Promise<null> {
    const entry = await entryOf(run, path);
    if (!entry) return null;
    if (!entry.is_dir) throw error;
    throw new MlflowError('invalid', `MLflow: ${naming(run, path)} is a folder`, {
      hint: 'ask for the files in it',
      cause: error,
    });
  }

  /** 2.22 keeps the half of a broken upload under the file's name, and may still be at it when the next one arrives. */
  async function checkSize(run: Run, path: string, bytes: number): Promise<void> {
    const stored = (await entryOf(run, path))?.file_size;
    if (stored === undefined || stored === bytes) return;
    throw new MlflowError(
      'unavailable',
      `MLflow: ${naming(run, path)}: ${stored} of ${bytes} bytes are there`,
      {
        hint: 'send it again',
      },
    );
  }

  async function entryOf(run: Run, path: string): Promise<ArtifactEntry | undefined> {
    const folder = posix.dirname(path);
    const entries = await listArtifacts(run, folder === '.' ? undefined : folder);
    return entries.find((one) => one.path === path);
  }

  return {
    listArtifacts,

    async uploadArtifact(run, path, bytes) {
      const about = naming(run, path);
      const asked = { method: 'PUT' as const, path: addressOf(run, path), bytes, about };
      let attempts = 0;
      const onAttempt = () => void attempts++;
      const answer = await ask.bytes({ ...asked, repeatable: true, file: true, onAttempt });
      // 3.17 answers with nothing, 2.22 with {}; a page means that somebody else took the file.
      if (!/^\s*(\{|$)/.test(Buffer.from(answer.subarray(0, 100)).toString())) {
        throw new MlflowError('not-mlflow', `MLflow: ${about}: not taken, answered with something else`, {
          hint: PAGE,
        });
      }
      if (attempts > 1) await checkSize(run, path, bytes.length);
    },

    async artifact(run, path) {
      const asked = { method: 'GET' as const, path: addressOf(run, path), about: naming(run, path) };
      try {
        return await ask.bytes({ ...asked, repeatable: true, file: true, maxBytes: MAX_BYTES });
      } catch (error) {
        if (hasFailed(error, 'not-found') && error.code === 'RESOURCE_DOES_NOT_EXIST') return null;
        // 2.22 answers 500 where there is no such file: only the listing tells it from a server that is broken.
        const unclear = hasFailed(error, 'not-found', 'unavailable', 'invalid') && error.status !== undefined;
        if (!unclear) throw error;
        return really(error, run, path);
      }
    },

    async deleteArtifact(run, path) {
      const asked = { method: 'DELETE' as const, path: addressOf(run, path), about: naming(run, path) };
      await absent(ask.bytes({ ...asked, repeatable: true }));
    },
  };
}

const Listing = z.object({
  files: z.array(ArtifactEntry).default([]),
  next_page_token: z.string().optional(),
});

const naming = (run: Run, path: string) =>
  `the artifact ${cut(JSON.stringify(path), 120)} of run ${run.info.run_id}`;

function addressOf(run: Run, path: string): string {
  const { artifact_uri } = run.info;
  const root = /^mlflow-artifacts:(?:\/\/[^/]*)?\/*(.+)$/.exec(artifact_uri)?.[1];
  if (root === undefined) {
    const kind = /^[a-z][a-z0-9+.-]*:/i.exec(artifact_uri)?.[0] ?? 'a folder';
    throw new MlflowError(
      'invalid',
      `MLflow: artifacts of run ${run.info.run_id} are kept in ${kind} which only the server reaches, expected mlflow-artifacts:`,
      { hint: `${SERVE_ARTIFACTS}, then use a new experiment: an old one keeps its place` },
    );
  }
  const parts = [...root.split('/'), ...checkedPath(path).split('/')];
  return `${ARTIFACTS}/${parts.map(encodeURIComponent).join('/')}`;
}

/** The servers decode a path several times: "%" would become something else, "#" is refused, ".." lands elsewhere.
 *  @throws MlflowError `invalid` */
function checkedPath(path: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const odd = /[\u0000-\u001f\u007f\\#%]|\p{Surrogate}/u.exec(path);
  const part = path.split('/').find((one) => one === '' || one === '.' || one === '..');
  if (!odd && part === undefined && path.length <= 1_000) return path;
  const rule = odd
    ? `${JSON.stringify(odd[0])} is not allowed in it`
    : part === undefined
      ? `it has ${path.length} characters, at most 1000 are allowed`
      : 'it must lie below the run: no slash at its ends, no "..", ".", "//", not empty';
  throw new MlflowError(
    'invalid',
    `MLflow: ${cut(JSON.stringify(path), 120)} cannot be an artifact: ${rule}`,
    {
      hint: 'give a plain relative path, such as bundle/manifest.json',
    },
  );
}
