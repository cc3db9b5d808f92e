import type { Command } from 'commander';
import {
  isWorkflow,
  type Job,
  readWorkflow,
  type Sources,
  type Step,
  stepsOf,
  type Workflow,
} from './read-workflows.ts';

/** Actions of others that may be used; each commit in full, its version beside it. */
export const ACTIONS = new Map([
  ['actions/checkout', '3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1'],
  ['actions/setup-node', '820762786026740c76f36085b0efc47a31fe5020 # v7.0.0'],
  ['actions/upload-artifact', 'bbbca2ddaa5d8feaa63e36b76fdaad77386f024f # v7.0.0'],
  ['actions/download-artifact', '3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1'],
  ['actions/cache', '27d5ce7f107fe9357f9df03efb73ab90386fccae # v5.0.5'],
  ['actions/attest-build-provenance', 'a2bbfa25375fe432b6a289bc6b6cd05ecd0c4c32 # v4.1.0'],
]);
const OWN_ACTION = './.github/actions/setup';
/** Rights beyond reading the code, by job: all else is done as the App. */
const MORE_RIGHTS: Record<string, string[]> = {
  // Who pushes an image, and who gives what was verified its names.
  'release build': ['packages: write', 'id-token: write', 'attestations: write'],
  'release verify': ['packages: read'],
  'release publish': ['packages: write'],
};
/** Where the App's key is. */
const ROBOTS = 'robots';
/** Events whose code or payload anybody can send. */
const OF_ANYBODY = ['pull_request', 'pull_request_target'];
const DEFAULT_BRANCH = `\${{ github.event.repository.default_branch }}`;
const LONGEST_MINUTES = 90;

/** What `perennial` can be called with. */
export type Cli = Map<string, { arguments: number; flags: Set<string> }>;

export function cliOf(commands: readonly Command[]): Cli {
  return new Map(
    commands.map((command) => [
      command.name(),
      {
        arguments: command.registeredArguments.length,
        flags: new Set(command.options.flatMap(({ long }) => (long ? [long] : []))),
      },
    ]),
  );
}

/** Our own rules over workflows and composite actions: what linters do not ask for.
 *  @param scripts names of package.json's scripts
 *  @returns one sentence each: file, what was seen */
export function violations(sources: Sources, cli: Cli, scripts: string[]): string[] {
  return [...sources].flatMap(([path, text]) => {
    const found = [...pins(text), ...stepsOf(path, text).flatMap((step) => [...ofStep(step, cli)])];
    if (isWorkflow(path)) found.push(...ofWorkflow(readWorkflow(text), scripts));
    return found.map((sentence) => `${path}: ${sentence}`);
  });
}

function* pins(text: string): Generator<string> {
  for (const [, uses] of text.matchAll(/^[^#\n]*\buses:\s*(\S.*)$/gm)) {
    const [name, commit] = uses.split('@');
    if (uses === OWN_ACTION) continue;
    const expected = ACTIONS.get(name);
    if (expected === undefined) yield `uses ${name}, which is none of ours`;
    else if (commit !== expected) yield `uses ${uses}; expected ${name}@${expected}`;
  }
}

function* ofWorkflow(workflow: Workflow, scripts: string[]): Generator<string> {
  if (JSON.stringify(workflow.permissions) !== '{}') yield 'has no `permissions: {}` at the top';
  if (!workflow.concurrency) yield 'has no concurrency with a group and a cancel-in-progress';
  if (workflow.env) yield 'has an environment of the whole workflow';
  for (const [event, filter] of Object.entries(workflow.on)) {
    if (!OF_ANYBODY.includes(event)) continue;
    if (event === 'pull_request_target') yield 'is triggered by pull_request_target';
    // A required workflow that a path filter skips would leave its check pending for ever.
    if (/"(paths|paths-ignore)"/.test(JSON.stringify(filter))) yield `filters ${event} by paths`;
    if (workflow.concurrency?.['cancel-in-progress'] !== true)
      yield 'does not cancel the older run of a pull request';
  }
  for (const [id, job] of Object.entries(workflow.jobs)) {
    for (const sentence of ofJob(id, job, workflow, scripts)) yield `job ${id} ${sentence}`;
  }
}

function* ofJob(id: string, job: Job, workflow: Workflow, scripts: string[]): Generator<string> {
  const minutes = job['timeout-minutes'];
  if (minutes === undefined || minutes > LONGEST_MINUTES)
    yield `may run for ${minutes ?? 'six hours of'} minutes`;
  const rights = Object.entries(job.permissions ?? { all: 'of the workflow' });
  for (const [scope, right] of rights) {
    const asked = `${scope}: ${right}`;
    if (asked !== 'contents: read' && !MORE_RIGHTS[`${workflow.name} ${id}`]?.includes(asked))
      yield `has the permission ${asked}`;
  }
  const byAnybody = Object.keys(workflow.on).some((event) => OF_ANYBODY.includes(event));
  if (job.environment !== undefined && (job.environment !== ROBOTS || byAnybody))
    yield `is in the environment ${job.environment}`;
  if (/secrets\./.test(JSON.stringify({ ...job, steps: [] }))) yield 'shows secrets to all of its steps';
  const key = /PERENNIAL_APP_PRIVATE_KEY/.test(JSON.stringify(job));
  if (key && (job.environment !== ROBOTS || byAnybody)) yield "has the App's key outside of the environment";
  // In these events GITHUB_SHA is the default branch's, and the payload names commits of anybody.
  const ofPayload = 'workflow_run' in workflow.on || 'issue_comment' in workflow.on;
  for (const step of job.steps) {
    if (ofPayload && step.uses?.startsWith('actions/checkout@') && step.with?.ref !== DEFAULT_BRANCH)
      yield `checks out ${step.with?.ref ?? 'what the event says'}`;
  }
  const matrix = job.strategy?.matrix?.script;
  for (const script of Array.isArray(matrix) ? matrix : []) {
    if (!scripts.includes(script)) yield `runs npm's script ${script}, which there is not`;
  }
}

function* ofStep(step: Step, cli: Cli): Generator<string> {
  const name = step.name ?? step.uses ?? step.run;
  const uses = step.uses?.split('@')[0];
  if (uses === 'actions/checkout' && step.with?.['persist-credentials'] !== false)
    yield `step ${name} leaves the token in git's settings`;
  if (uses === 'actions/upload-artifact' && step.with?.['retention-days'] === undefined)
    yield `step ${name} keeps its artifact for the host's default`;
  if (/secrets\./.test(JSON.stringify(step.with ?? {}))) yield `step ${name} hands a secret to an action`;
  if (step.run === undefined) return;
  if (step.run.includes('${{')) yield `step ${name} writes \${{ }} into a shell's text`;
  for (const [, variable] of step.run.matchAll(/\$\{?(\w+)/g)) {
    if (!(variable in (step.env ?? {})) && !variable.startsWith('GITHUB_'))
      yield `step ${name} reads $${variable}`;
  }
  yield* ofCommand(step.run, cli);
}

/** One command of the project a step; the rest are the shell's own `test` and what a composite action prepares. */
function* ofCommand(run: string, cli: Cli): Generator<string> {
  if (run.includes('\n')) return yield `runs several lines: ${run.split('\n')[0]} …`;
  if (/^(test "|npm run "\$SCRIPT"$|npm run --silent setup$|echo "version=)/.test(run)) return;
  const [, called, rest] = /^npm run --silent pipeline -- ([a-z-]+)(.*)$/.exec(run) ?? [];
  if (called === undefined) return yield `runs something else than a command of ours: ${run}`;
  const command = cli.get(called);
  if (!command) return yield `calls \`perennial ${called}\`, which there is not`;
  for (const [flag] of rest.matchAll(/--[a-z-]+/g)) {
    if (!command.flags.has(flag)) yield `calls \`perennial ${called} ${flag}\`, a flag there is not`;
  }
  const given = /^ "\$/.test(rest) ? 1 : 0;
  if (given !== command.arguments)
    yield `calls \`perennial ${called}\` with ${given} of ${command.arguments} arguments`;
}
