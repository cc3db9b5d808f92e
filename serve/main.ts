import { join } from 'node:path';
import { Command } from 'commander';
import pino from 'pino';
import { PerennialError, UsageError } from '../pipeline/contracts/errors.ts';
import { readParams } from '../pipeline/params.ts';
import { withoutSecrets } from '../pipeline/secrets.ts';
import { REPOSITORY } from '../pipeline/workspace.ts';
import { buildApp } from './app.ts';
import { Life } from './guards/life.ts';
import { monitorOf } from './monitor/monitor.ts';
import { openBaked, openSource } from './open-source.ts';
import { exampleQuestion } from './predictor/example.ts';
import { Slots } from './predictor/slots.ts';
import { logOptions } from './request-log.ts';
import { readServiceSettings, type ServiceSettings } from './settings.ts';
import { type ReleasedSource, releasedSource } from './sources/released.ts';
import { startModels } from './start-models.ts';
import { openState } from './state/state.ts';

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
  const settings = readServiceSettings(process.env);
  const { host, port } = settings;
  const log = pino(logOptions(settings));
  const now = () => new Date();
  const baked = await openBaked(settings);
  const { workspace, models } = await whatToServe(options, settings, baked);
  const source = await openSource(settings, { workspace, models });
  const state = await openState(settings.state ?? join(workspace, '.serve'), { log });
  const slots = new Slots(models);
  const monitor = monitorOf();
  const followers = await startModels({ slots, source, baked, state, monitor, settings, log, now });
  const life = new Life();
  const app = await buildApp({ slots, monitor, settings, life, now, log, followers });
  stopOnSignal(() =>
    life.stop(app, {
      ...settings,
      after: async () => {
        await Promise.all([...followers.values()].map((one) => one.close()));
        await Promise.all([source?.close(), baked?.close()]);
      },
    }),
  );
  const address = await app.listen({ host, port }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EADDRINUSE' && cause.code !== 'EACCES') throw cause;
    throw new UsageError(
      `port ${port} of ${host} ${cause.code === 'EACCES' ? 'needs more rights' : 'is taken'}`,
      { cause, hint: 'choose another one: PORT=8081 npm run serve' },
    );
  });
  for (const { name, current } of slots.all) {
    if (!current) {
      process.stderr.write(`Serving ${name} as soon as ${source?.where} has it\n`);
      continue;
    }
    const { model, pack } = current;
    process.stderr.write(
      `Serving ${name} ${model.version.version} (${model.version.candidate}), data until ${pack?.manifest.last_time.slice(0, 10) ?? '–'}. Try\n` +
        `  curl '${address}${exampleQuestion(current)}'\n`,
    );
  }
}

/** In an image there is no params.yaml: what was released names the models. */
async function whatToServe(
  options: { model?: string; workspace?: string },
  { models: wanted, follow }: ServiceSettings,
  baked: ReleasedSource | null,
) {
  const workspace = options.workspace ?? REPOSITORY;
  if (follow === 'registry' && !baked) return await whatWasRun(options, wanted);
  const models = options.model ? [options.model] : wanted;
  if (models) return { models, workspace };
  const followed = follow === 'off' || follow === 'registry' ? null : releasedSource(follow);
  try {
    const released = (await baked?.released()) ?? (await followed?.released());
    const names = Object.keys(released?.models ?? {});
    if (names.length > 0) return { models: names, workspace };
  } finally {
    await followed?.close();
  }
  throw new UsageError('nothing says which models there are', {
    hint: 'name them: PERENNIAL_MODELS=infections; or follow a released.json that has one',
  });
}

async function whatWasRun(options: { model?: string; workspace?: string }, wanted: string[] | null) {
  const params = await readParams(REPOSITORY);
  const names = Object.keys(params.models);
  const active = names.filter((name) => params.models[name].active);
  const models = options.model ? [options.model] : (wanted ?? (active.length > 0 ? active : names));
  for (const model of models) {
    if (names.includes(model)) continue;
    throw new UsageError(`there is no model "${model}" in params.yaml; it has ${names.join(', ')}`);
  }
  const written = params.promotion.mode === 'local' ? join(REPOSITORY, '.perennial') : REPOSITORY;
  return { models, workspace: options.workspace ?? written };
}

/** The first signal ends it in peace, a second one at once. */
function stopOnSignal(stop: () => Promise<boolean>): void {
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      void stop().then((ended) => process.exit(ended ? 0 : 1));
    });
  }
}
