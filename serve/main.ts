import { join } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { PerennialError, UsageError } from '../pipeline/contracts/errors.ts';
import { readExperiment, readHomes, readModelPrefix } from '../pipeline/homes.ts';
import { readParams } from '../pipeline/params.ts';
import { openRegistry } from '../pipeline/registry/open.ts';
import { withoutSecrets } from '../pipeline/secrets.ts';
import { paths, REPOSITORY, workspaceAt } from '../pipeline/workspace.ts';
import { buildApp } from './app.ts';
import { exampleQuestion } from './predictor/example.ts';
import { loadPredictor, type Predictor } from './predictor/load.ts';

/** How long requests under way may take to end after SIGTERM. */
const GRACE_MS = 10_000;

const Settings = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: z.coerce.number('expected a number').int().min(0).max(65_535).default(8080),
});

const program = new Command('serve')
  .description('Answers questions from what `npm start` left: GET /forecast?lat=…&lon=…')
  .option('--model <name>', 'a model of params.yaml; default: the first active one')
  .option('--workspace <folder>', 'where the run wrote; default: where params.yaml says that runs write')
  .addHelpText(
    'after',
    '\nEnvironment\n  PORT  default 8080      HOST  default 127.0.0.1 (0.0.0.0: everybody may ask)',
  )
  .action(serve);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof PerennialError)) throw error;
  process.stderr.write(withoutSecrets(`\n${error.message}\n${error.hint ? `→ ${error.hint}\n` : ''}`));
  process.exitCode = error.exitCode;
}

async function serve(options: { model?: string; workspace?: string }): Promise<void> {
  const settings = Settings.safeParse(process.env);
  if (!settings.success) throw new UsageError(`environment:\n${z.prettifyError(settings.error)}`);
  const { HOST: host, PORT: port } = settings.data;
  const { workspace, model } = await whatToServe(options);
  const predictor = await predictorFrom(workspace, model);
  const app = await buildApp({ predictor, logger: { level: process.env.LOG_LEVEL ?? 'warn' } });
  stopOnSignal(() => app.close());
  const address = await app.listen({ host, port }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EADDRINUSE' && cause.code !== 'EACCES') throw cause;
    throw new UsageError(
      `port ${port} of ${host} ${cause.code === 'EACCES' ? 'needs more rights' : 'is taken'}`,
      {
        cause,
        hint: 'choose another one: PORT=8081 npm run serve',
      },
    );
  });
  const { version, forecasts } = predictor;
  process.stderr.write(
    `Serving ${model} ${version.version} (${version.candidate}), data until ${forecasts.last_time.slice(0, 10)}. Try\n` +
      `  curl '${address}${exampleQuestion(predictor)}'\n`,
  );
}

/** The registry is asked once: what answers afterwards is in memory, and MLflow may be away. */
async function predictorFrom(workspace: string, model: string): Promise<Predictor> {
  const registry = openRegistry({
    homes: await readHomes(),
    model,
    directory: paths(workspaceAt(workspace), model).registry,
    experiment: await readExperiment(model),
    prefix: await readModelPrefix(),
    now: () => new Date(),
  });
  try {
    return await loadPredictor(workspace, model, registry);
  } finally {
    await registry.close();
  }
}

async function whatToServe(options: { model?: string; workspace?: string }) {
  const params = await readParams(REPOSITORY);
  const names = Object.keys(params.models);
  const model = options.model ?? names.find((name) => params.models[name].active) ?? names[0];
  if (!names.includes(model)) {
    throw new UsageError(`there is no model "${model}" in params.yaml; it has ${names.join(', ')}`);
  }
  const written = params.promotion.mode === 'local' ? join(REPOSITORY, '.perennial') : REPOSITORY;
  return { model, workspace: options.workspace ?? written };
}

/** New connections are refused at once; what is being answered ends, or the grace does. */
function stopOnSignal(close: () => Promise<void>): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      setTimeout(() => process.exit(1), GRACE_MS).unref();
      void close().then(() => process.exit(0));
    });
  }
}
