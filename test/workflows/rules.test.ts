import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { addWorkflowCommands } from '../../pipeline/commands/workflow-commands.ts';
import { REPOSITORY, readWorkflow, type Sources, workflowSources } from './read-workflows.ts';
import { cliOf, violations } from './rules.ts';

const sources = workflowSources();
const scripts = Object.keys(JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')).scripts);
const cli = cliOf(commands());
const WORKFLOW = (name: string) => `.github/workflows/${name}.yml`;

it('finds nothing to say of the workflows', () => {
  expect(violations(sources, cli, scripts)).toEqual([]);
  expect(sources.size).toBeGreaterThan(8);
});

/** Each a change of a real workflow, and what is said of it. */
const BAD: [what: string, name: string, from: string | RegExp, to: string, said: RegExp][] = [
  [
    'an action by its tag',
    'sync',
    /actions\/checkout@\S+ # v7.0.1/,
    'actions/checkout@v7',
    /expected actions\/checkout@3d3c/,
  ],
  ['a pin without its version', 'sync', ' # v7.0.1', '', /expected actions\/checkout@3d3c/],
  ['a pin with another version beside it', 'sync', '# v7.0.1', '# v7.0.2', /expected actions\/checkout@3d3c/],
  ['an action of somebody else', 'sync', 'actions/checkout@', 'somebody/checkout@', /none of ours/],
  [
    'rights of the whole workflow',
    'sync',
    'permissions: {}',
    'permissions: read-all',
    /no `permissions: \{\}`/,
  ],
  [
    'a job without rights of its own',
    'sync',
    / {4}permissions:\n.*\n/,
    '',
    /the permission all: of the workflow/,
  ],
  [
    'a right to write',
    'sync',
    'contents: read',
    'contents: write',
    /job sync has the permission contents: write/,
  ],
  [
    'an image pushed by another job',
    'release',
    'packages: read',
    'packages: write',
    /job verify has the permission packages: write/,
  ],
  ['no time-out', 'sync', / {4}timeout-minutes: 45\n/, '', /job sync may run for six hours/],
  ['a time-out of a day', 'sync', 'timeout-minutes: 45', 'timeout-minutes: 1440', /1440 minutes/],
  ['no concurrency', 'sync', /concurrency:\n.*\n.*\n/, '', /no concurrency/],
  [
    'a review that queues',
    'model-review',
    'cancel-in-progress: true',
    'cancel-in-progress: false',
    /older run/,
  ],
  ['an expression in a shell', 'model-review', '"$INTO"', `"\${{ github.head_ref }}"`, /into a shell's text/],
  ['a variable that is not given', 'model-review', '          BASE:', '          BASIS:', /reads \$BASE/],
  [
    'a path filter',
    'model-review',
    /types: \[opened.*/,
    'paths: [pipeline/**]',
    /filters pull_request by paths/,
  ],
  [
    'code of anybody with rights',
    'model-review',
    '  pull_request:',
    '  pull_request_target:',
    /pull_request_target/,
  ],
  [
    'code of anybody with the key',
    'model-review',
    '    name: which models',
    '    name: which models\n    environment: robots',
    /in the environment robots/,
  ],
  ['the key without the environment', 'sync', /environment: robots\n/g, '\n', /App's key outside/],
  [
    'a secret of the whole job',
    'sync',
    '    name: sync',
    `    name: sync\n    env: { A: "\${{ secrets.A }}" }`,
    /all of its steps/,
  ],
  [
    'a secret in an action',
    'sync',
    'fetch-depth: 0',
    `token: \${{ secrets.A }}`,
    /hands a secret to an action/,
  ],
  ['credentials left behind', 'sync', 'persist-credentials: false', 'clean: true', /leaves the token/],
  [
    'the judge on the head',
    'model-review-comment',
    `\${{ github.event.repository.default_branch }}`,
    `\${{ github.event.workflow_run.head_sha }}`,
    /checks out \$\{\{ github.event.workflow_run.head_sha/,
  ],
  ['a reply on what the event says', 'conversation', / {10}ref: .*\n/, '', /checks out what the event says/],
  ['an artifact without an end', 'model-review', / {10}retention-days: .*\n/, '', /host's default/],
  [
    'several lines in a step',
    'sync',
    'run: npm run',
    'run: |\n          true\n          npm run',
    /several lines/,
  ],
  ['a rule in a shell', 'sync', /run: npm run .* sync.*/, 'run: if true; then false; fi', /something else/],
  ['a command there is not', 'sync', '-- sync', '-- swallow', /`perennial swallow`, which there is not/],
  ['a flag there is not', 'sync', '--limit', '--limits', /--limits`, a flag/],
  ['a forgotten argument', 'model-review', 'review "$MODEL" --into', 'review --into', /0 of 1 arguments/],
  ['a script there is not', 'checks', '[lint,', '[lind,', /script lind/],
];
it.each(BAD)('tells %s', (_what, name, from, to, said) => {
  const changed: Sources = new Map(sources);
  const text = sources.get(WORKFLOW(name))!;
  changed.set(
    WORKFLOW(name),
    text.replace(from, () => to),
  );
  expect(changed.get(WORKFLOW(name))).not.toBe(text);
  expect(violations(changed, cli, scripts).join('\n')).toMatch(said);
});

describe('the cron tables', () => {
  const tables = [...sources].flatMap(([path, text]) => {
    const schedule = path.includes('/workflows/') ? readWorkflow(text).on.schedule : undefined;
    return ((schedule ?? []) as { cron: string; timezone?: string }[]).map((line) => ({ path, ...line }));
  });

  it('keep away from the full hour', () => {
    expect(tables.length).toBeGreaterThan(1);
    for (const { cron } of tables) expect(cron).toMatch(/^([1-9]|[1-5]\d)(,\d+)* /);
  });

  it('look at an active model in its own time zone', () => {
    const models: { active?: boolean; source: { timezone?: string } }[] = Object.values(
      parse(readFileSync(join(REPOSITORY, 'params.yaml'), 'utf8')).models,
    );
    const zones = models
      .filter(({ active }) => active !== false)
      .map(({ source }) => source.timezone ?? 'UTC');
    const etl = tables.filter(({ path }) => path.endsWith('/etl.yml'));
    expect(etl.map(({ timezone }) => timezone ?? 'UTC')).toEqual(expect.arrayContaining(zones));
  });
});

it('waits in the judge for the workflow that submits', () => {
  const judge = readWorkflow(sources.get(WORKFLOW('model-review-comment'))!);
  const review = readWorkflow(sources.get(WORKFLOW('model-review'))!);
  expect(judge.on.workflow_run).toEqual({
    workflows: [review.name],
    types: ['requested', 'in_progress', 'completed'],
  });
});

function commands(): readonly Command[] {
  const program = new Command('perennial');
  addWorkflowCommands({
    command: (nameAndArguments) =>
      program.command(nameAndArguments).option('--quiet').option('--now <moment>'),
    environment: () => {
      throw new Error('nothing is run here');
    },
  });
  return program.commands;
}
