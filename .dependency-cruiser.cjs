/** Who may import whom (docs/DESIGN.md). Each rule says why; `npm run lint` holds them.
 *  @type {import('dependency-cruiser').IConfiguration} */

/** Tests, and what only they import: `x.testing.ts` (samples, made data, child processes that die on purpose). */
const TEST = '\\.(test|testing)\\.ts$';
const INPUT_OUTPUT =
  '^(node:)?(fs|fs/promises|http|https|http2|net|tls|dgram|dns|dns/promises|child_process|worker_threads|cluster|readline|repl)$';
/** Threads that fit: they compute, and reach nothing outside of the process. */
const FIT_THREADS = '^pipeline/tasks/[^/]+/fit-(elsewhere|worker)\\.ts$';
/** A stage's shell: run.ts, and what opens files for it and says so in its name (DuckDB works on files itself). */
const SHELL_NAME = '(run|rollback|readmit|read-[^/]+|write-[^/]+)\\.ts$';
const SHELL = `/${SHELL_NAME}`;
const TENSORFLOW = 'node_modules/(@tensorflow/|danfojs)';

/** A file outside tests may import, of our own code, only what `allowed` matches. */
const only = (name, comment, from, allowed, fromNot = []) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from, pathNot: [TEST, ...fromNot] },
  to: { path: '^(pipeline|serve|bench|test|setup)/', pathNot: allowed },
});

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'data flows one way; types may refer to each other',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'not-to-unresolvable',
      comment: 'what is imported must be there',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-tests-in-the-product',
      comment: 'a product file that needs a test file has its parts in the wrong place',
      severity: 'error',
      from: { path: '^(pipeline|serve)/', pathNot: TEST },
      to: { path: ['^test/', TEST] },
    },
    only('contracts-alone', 'contracts stand below everything', '^pipeline/contracts/', [
      '^pipeline/contracts/',
    ]),
    only('metrics-on-contracts', 'metrics are pure maths over contracts', '^pipeline/metrics/', [
      '^pipeline/(contracts|metrics)/',
    ]),
    only(
      'tasks-below-stages',
      'a task knows contracts, metrics and itself; never another task, a client, a stage',
      '^pipeline/tasks/([^/]+)/',
      ['^pipeline/(contracts|metrics)/', '^pipeline/tasks/task\\.ts$', '^pipeline/tasks/$1/'],
    ),
    only('tasks-index', 'the index maps a kind to its task', '^pipeline/tasks/[^/]+\\.ts$', [
      '^pipeline/(contracts|metrics|tasks)/',
    ]),
    only(
      'predict-alone',
      'serving loads predict: it brings no training code with it',
      '^pipeline/tasks/([^/]+)/predict/',
      ['^pipeline/(contracts|metrics)/', '^pipeline/tasks/$1/predict/'],
    ),
    {
      name: 'predict-without-tensorflow',
      comment: 'the service starts in milliseconds and in a small image',
      severity: 'error',
      from: { path: ['^pipeline/tasks/[^/]+/predict/', '^serve/'], pathNot: TEST },
      to: { path: TENSORFLOW },
    },
    {
      name: 'tensorflow-where-it-is-used',
      comment: 'import() it: everything but training works where the addon is absent',
      severity: 'error',
      from: { path: '^(pipeline|serve)/', pathNot: TEST },
      to: { path: TENSORFLOW, dependencyTypesNot: ['dynamic-import', 'type-only', 'type-import'] },
    },
    {
      name: 'pure-without-input-output',
      comment: 'tasks, metrics and contracts return bytes; shells write them',
      severity: 'error',
      from: { path: '^pipeline/(contracts|metrics|tasks)/', pathNot: [TEST, FIT_THREADS] },
      to: { path: INPUT_OUTPUT, dependencyTypes: ['core'] },
    },
    only(
      'stages-pure',
      'beside its shell a stage is pure: contracts, metrics and its own files',
      '^pipeline/stages/([^/]+)/',
      ['^pipeline/(contracts|metrics)/', '^pipeline/stages/$1/(?!run\\.ts$)'],
      [SHELL],
    ),
    {
      name: 'stages-pure-without-input-output',
      comment: "only a stage's shell touches files and the network",
      severity: 'error',
      from: { path: '^pipeline/stages/', pathNot: [TEST, SHELL] },
      to: { path: INPUT_OUTPUT, dependencyTypes: ['core'] },
    },
    only(
      'stages-apart',
      'no stage imports another: they talk through files that parse with a contract',
      `^pipeline/stages/([^/]+)/${SHELL_NAME}`,
      [
        '^pipeline/(contracts|metrics|clients|registry)/',
        '^pipeline/tasks/(index|task)\\.ts$',
        '^pipeline/tasks/[^/]+/predict/',
        '^pipeline/[^/]+\\.ts$',
        '^pipeline/stages/$1/',
      ],
    ),
    only('clients-below', 'a client is one endpoint or tool', '^pipeline/clients/', [
      '^pipeline/(contracts|clients)/',
      '^pipeline/(files|workspace|context)\\.ts$',
    ]),
    only('registry-on-clients', 'the registry stands on clients and contracts', '^pipeline/registry/', [
      '^pipeline/(contracts|clients|registry)/',
      '^pipeline/(files|workspace|context)\\.ts$',
    ]),
    {
      name: 'pipeline-without-serve',
      comment: 'training does not know the service',
      severity: 'error',
      from: { path: '^pipeline/' },
      to: { path: '^serve/' },
    },
    only('serve-on-predict', 'the service predicts and never trains, ingests or decides', '^serve/', [
      '^serve/',
      '^pipeline/(contracts|metrics|registry)/',
      '^pipeline/tasks/[^/]+/predict/',
      '^pipeline/(files|homes|params|secrets|workspace)\\.ts$',
    ]),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)fixtures/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
