import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Github } from '../../../clients/github/github.ts';
import { githubAt } from '../../../clients/github/github-at.ts';
import { GithubHome } from '../../../contracts/github.ts';
import { writeWhole } from '../../../files.ts';
import { withhold } from '../../../secrets.ts';
import type { Environment } from '../../environment.ts';
import { KEY_FILE } from '../../github/workflow-settings.ts';
import { appLines } from '../next-steps.ts';
import { visitGithub } from './manifest-visit.ts';

const LOOK_EVERY_MS = 3_000;
const INSTALL_PATIENCE_MS = 15 * 60_000;

type Place = Pick<GithubHome, 'apiUrl' | 'serverUrl' | 'owner' | 'name'> & Partial<GithubHome>;

/** Makes the App that the robots act as: a person says yes on GitHub's own page, its key is written to a file that only
 *  they can read, and what is to be done with it is printed.
 *  @throws UsageError when nobody answered in time, GithubError */
export async function makeApp(
  { console, signal }: Pick<Environment, 'console' | 'signal'>,
  options: {
    repository: string;
    place: Place;
    ownerKind: 'User' | 'Organization' | null;
    /** Of the wait for the person at GitHub's page, and for the installation after it. */
    patienceMs?: number;
    lookEveryMs?: number;
  },
): Promise<{ id: number; installation: number | null }> {
  const { place } = options;
  const nobody = githubAt(GithubHome.parse({ ...place, as: { kind: 'nobody' } }), { signal });
  const keyFile = join(options.repository, KEY_FILE);
  const visit = await visitGithub({
    repository: place,
    serverUrl: place.serverUrl,
    ownerKind: options.ownerKind,
    patienceMs: options.patienceMs,
    signal,
    convert: async (code) => {
      const app = await nobody.convertManifest(code);
      withhold([app.pem]);
      await writeWhole(keyFile, app.pem, { mode: 0o600 });
      return { ...app, installUrl: `${app.page}/installations/new` };
    },
  });
  console.say(`Open this page in your browser, on this machine:\n\n  ${visit.url}\n`);
  const app = await visit.made;
  console.say(`✓ The App ${app.slug} is made; its key is in ${KEY_FILE}, for you alone`);
  console.say(`Install it in ${place.owner}/${place.name} (only there):\n\n  ${app.installUrl}\n`);
  const as = { kind: 'app', id: app.id, privateKey: app.pem, installation: 1 } as const;
  const installation = await untilInstalled(githubAt(GithubHome.parse({ ...place, as }), { signal }), {
    patienceMs: options.patienceMs ?? INSTALL_PATIENCE_MS,
    everyMs: options.lookEveryMs ?? LOOK_EVERY_MS,
    signal,
  });
  console.say(installation ? '✓ It is installed' : '· It is not installed yet: go on when it is');
  const lines = appLines(`${place.owner}/${place.name}`, { id: app.id, keyFile: KEY_FILE, installation });
  console.say(`Then, with GitHub's command line tool:\n\n${lines.map((line) => `  ${line}`).join('\n')}`);
  console.say(`  rm ${KEY_FILE}   # once it is there: GitHub makes another one when you need it\n`);
  return { id: app.id, installation };
}

/** @returns its number; null: not within the time */
async function untilInstalled(
  github: Github,
  { patienceMs, everyMs, signal }: { patienceMs: number; everyMs: number; signal: AbortSignal },
): Promise<number | null> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const installation = await github.installation();
    if (installation) return installation.id;
    if (Date.now() + everyMs > until) return null;
    await wait(everyMs, undefined, { signal });
  }
}
