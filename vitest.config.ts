import { parseArgs } from 'node:util';
import { defineConfig } from 'vitest/config';

const everywhere = ['pipeline', 'serve', 'setup', 'test', 'bench', 'monitoring'];
const integration = everywhere.map((folder) => `${folder}/**/*.it.test.ts`);
/** Whole runs of clones, minutes each. */
const stories = 'test/stories/**/*.it.test.ts';
/** A team's half year through every workflow. */
const gitops = 'test/gitops/**/*.it.test.ts';
/** Images that are built, pushed, run, asked and rolled back; asks for a Docker engine. */
const release = 'test/release/**/*.it.test.ts';
/** The same parts one by one, in more cases: half an hour on two cores, so not in every run of CI. */
const robots = [
  'test/stories/{candidate,etl,review,robot-pulls}.it.test.ts',
  'test/workflows/**/*.it.test.ts',
];
/** MLflow takes half a minute to start: a run's tests share what the first one of them asks for. */
const globalSetup = 'test/servers/shared-mlflow-broker.ts';

/** vitest isolates a whole run's files or none's: unit tests, when they alone are asked for, share two processes, for a
 *  process each costs more than what they do in it. What starts servers, trains or sets the environment has its own. */
const isolate = projectsAskedFor().join() !== 'unit';

export default defineConfig({
  test: {
    // Native addons (TensorFlow, DuckDB) live in processes, never in threads of one.
    pool: 'forks',
    // Tests start servers and train: more of them side by side only wait for each other.
    poolOptions: { forks: { isolate, minForks: 1, maxForks: 2 } },
    teardownTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: everywhere.map((folder) => `${folder}/**/*.test.ts`),
          exclude: integration,
          // None takes a second; a busy machine may take ten times as long.
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: integration,
          exclude: [stories, gitops, release, ...robots],
          globalSetup,
          testTimeout: 120_000,
          // On a new machine a hook installs the server that it asks for.
          hookTimeout: 1_200_000,
        },
      },
      {
        extends: true,
        test: { name: 'gitops', include: [gitops], testTimeout: 720_000, hookTimeout: 1_200_000 },
      },
      {
        extends: true,
        test: { name: 'release', include: [release], testTimeout: 600_000, hookTimeout: 600_000 },
      },
      {
        extends: true,
        test: {
          name: 'robots',
          include: robots,
          globalSetup,
          testTimeout: 900_000,
          hookTimeout: 1_200_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'stories',
          include: [stories],
          exclude: robots,
          globalSetup,
          testTimeout: 600_000,
          hookTimeout: 1_200_000,
        },
      },
    ],
  },
});

/** Names after `--project`. */
function projectsAskedFor(): string[] {
  const { values } = parseArgs({
    options: { project: { type: 'string', multiple: true } },
    strict: false,
    allowPositionals: true,
  });
  return (values.project ?? []).map(String);
}
