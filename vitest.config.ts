import { defineConfig } from 'vitest/config';

const everywhere = ['pipeline', 'serve', 'setup', 'test', 'bench'];
const integration = everywhere.map((folder) => `${folder}/**/*.it.test.ts`);
/** Whole runs of clones, minutes each. */
const stories = 'test/stories/**/*.it.test.ts';

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
          exclude: [stories],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'stories',
          include: [stories],
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
