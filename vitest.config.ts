import { defineConfig } from 'vitest/config';

const everywhere = ['pipeline', 'serve', 'setup', 'test', 'bench'];
const integration = everywhere.map((folder) => `${folder}/**/*.it.test.ts`);
/** Whole runs of clones, minutes each. */
const stories = 'test/stories/**/*.it.test.ts';
/** Every workflow run by act: each for itself, and a team's half year through all of them. */
const gitops = ['test/gitops/**/*.it.test.ts', 'test/workflows/**/*.it.test.ts'];
/** MLflow takes half a minute to start: a run's tests share what the first one of them asks for. */
const globalSetup = 'test/servers/shared-mlflow-broker.ts';

export default defineConfig({
  test: {
    // Native addons (TensorFlow, DuckDB) live in a process each, never in threads of one.
    pool: 'forks',
    teardownTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: everywhere.map((folder) => `${folder}/**/*.test.ts`),
          exclude: integration,
          testTimeout: 10_000,
          hookTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: integration,
          exclude: [stories, ...gitops],
          globalSetup,
          testTimeout: 120_000,
          // On a new machine a hook installs the server that it asks for.
          hookTimeout: 1_200_000,
        },
      },
      {
        extends: true,
        test: { name: 'gitops', include: gitops, testTimeout: 720_000, hookTimeout: 1_200_000 },
      },
      {
        extends: true,
        test: {
          name: 'stories',
          include: [stories],
          globalSetup,
          testTimeout: 600_000,
          hookTimeout: 1_200_000,
        },
      },
    ],
  },
});
