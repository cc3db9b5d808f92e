import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { GitHost } from '../../../test/servers/git-host.ts';
import { makeConsole } from '../../console.ts';
import type { PerennialError } from '../../contracts/errors.ts';
import { REPOSITORY } from '../../workspace.ts';
import { quietEnvironment } from '../doctor/doctors-repository.testing.ts';
import type { Environment } from '../environment.ts';
import { APP_PERMISSIONS, ROBOTS } from './workflow-settings.ts';

/** What of this repository the commands for GitHub read, as a repository of its own, and a host that has its master. */
export async function hostedRepository(options: Parameters<typeof GitHost.start>[0] = {}) {
  const host = await GitHost.start({ rights: APP_PERMISSIONS, ...options });
  const repository = await mkdtemp(join(tmpdir(), 'hosted-'));
  for (const path of ['.github', 'params.yaml', '.gitignore']) {
    await cp(join(REPOSITORY, path), join(repository, path), { recursive: true });
  }
  const git = (...args: string[]) => execa('git', args, { cwd: repository });
  await git('init', '--quiet', '--initial-branch', 'master');
  await git('add', '--all');
  const author = ['-c', 'user.name=ada', '-c', 'user.email=ada@localhost'];
  await git(...author, 'commit', '--quiet', '--message', 'first');
  await git('push', '--quiet', host.bare, 'master');
  await host.settle();
  const token = host.person('ada', 'admin');
  host.state.variables.set('PERENNIAL_APP_ID', String(host.app.id));
  const env = {
    GITHUB_API_URL: host.apiUrl,
    GITHUB_SERVER_URL: host.serverUrl,
    GITHUB_REPOSITORY: host.repository,
    GITHUB_TOKEN: token,
  };
  return {
    host,
    repository,
    git,
    env,
    where: { repository, env },
    /** Requests that may change something, since the last look. */
    writes: () => host.requests.splice(0).filter(({ method }) => method !== 'GET'),
    stop: async () => {
      await rm(repository, { recursive: true, force: true });
      await host.stop();
    },
  };
}

/** All that the workflows need. */
export async function furnish({ host, repository }: Awaited<ReturnType<typeof hostedRepository>>) {
  const { state, app } = host;
  for (const name of ['DAGSHUB_USER_TOKEN', 'MLFLOW_TRACKING_URI']) state.secrets.add(name);
  state.variables.set('DAGSHUB_REPO', 'acme/cases');
  state.variables.set('PERENNIAL_APP_INSTALLATION', String(app.installation));
  state.environments.set(ROBOTS.environment, {
    branches: 'custom',
    policies: [...ROBOTS.branches],
    secrets: ['PERENNIAL_APP_PRIVATE_KEY'],
    variables: {},
  });
  state.workflows.length = 0;
  for (const file of await readdir(join(repository, '.github', 'workflows'))) host.addWorkflow(file);
  const path = '.github/workflows/etl.yml';
  host.addRun({ headSha: '0'.repeat(40), event: 'schedule', path, name: 'etl', headBranch: 'master' });
}

/** A command's results and its error. */
export async function told(
  call: (environment: Environment) => Promise<void>,
  change: Partial<Environment> = {},
) {
  const printed: string[] = [];
  const print = (text: string) => void printed.push(text);
  const console = {
    ...makeConsole({ quiet: true, json: false }),
    say: print,
    print,
  };
  const error = await call(quietEnvironment({ console, ...change })).then(
    () => null,
    (thrown: PerennialError) => thrown,
  );
  return { text: printed.join('\n'), error };
}
