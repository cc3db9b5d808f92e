import { Command } from 'commander';
import { StageFailedError } from './clients/dvc-error.ts';
import { type GlobalOptions, makeEnvironment } from './commands/environment.ts';
import { addWorkflowCommands } from './commands/workflow-commands.ts';
import { EXIT, PerennialError } from './contracts/errors.ts';
import { withoutSecrets } from './secrets.ts';

/** Set by Ctrl-C or SIGTERM; every wait listens to it. */
const stop = new AbortController();
const AT_ONCE_AFTER_MS = 1_000;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  let first = 0;
  process.on(signal, () => {
    // One Ctrl-C may come twice: from the terminal, and passed on by what started us. Who presses again means it.
    if (stop.signal.aborted && Date.now() - first > AT_ONCE_AFTER_MS) process.exit(130);
    if (stop.signal.aborted) return;
    first = Date.now();
    stop.abort(new Error(signal));
  });
}

const program = new Command('perennial')
  .description(
    'Fetches what a portal newly published, checks it, trains a challenger, and promotes it when it is better.',
  )
  .showHelpAfterError('Add --help for what there is.')
  .addHelpText(
    'after',
    `
Examples
  npm start                                                  the embedded default, end to end
  npm run pipeline -- run --model infections --source cases.csv   your own file or address, one flag away
  npm run pipeline -- gate --source cases.csv                look at a file before you connect it
  npm run backtest -- --source cases.csv --from 2022-04-02 --to 2022-06-30
  npm run serve                                              answer questions from the result
  npm run pipeline -- explain                                where the champion comes from, link by link
  npm run pipeline -- doctor                                 are the homes outside (MLflow, a remote) as they should be?

Exit codes
  0 done (also: nothing new)   1 unexpected   2 wrong call or params.yaml   3 the source, or a home, cannot be reached
  4 the gate refused the data  5 another run is busy   6 a file is corrupt   7 set-up failed, or a home is not well`,
  );

command('start')
  .description('run every active model of params.yaml (the embedded default needs no network and no account)')
  .option('--days <n>', 'days by which the simulated portal has moved on since the last run', Number, 1)
  .option('--json', 'one JSON document on stdout (call npm with --silent: it prints a line of its own there)')
  .action(async (options) => (await import('./commands/run.ts')).runCommand(environment(options), options));

command('run')
  .description('ingest → gate → features → (when due) train → evaluate → compare → register → publish')
  .option('--model <name>', 'one model of params.yaml; default: every active one')
  .option('--source <address or file>', 'read this instead of the source in params.yaml')
  .option('--mode <mode>', 'local, pull-request or auto; default: `promotion.mode` of params.yaml')
  .option('--train', 'train even when it is not due')
  .option('--fresh', 'set aside what this model has learnt so far, and begin anew')
  .option('--days <n>', 'days by which the simulated portal has moved on since the last run', Number, 1)
  .option('--json', 'one JSON document on stdout (call npm with --silent: it prints a line of its own there)')
  .action(async (options) => (await import('./commands/run.ts')).runCommand(environment(options), options));

command('stage <name>')
  .description('one cached stage (features, profile or train), as dvc.yaml calls it')
  .requiredOption('--model <name>', 'a model of params.yaml')
  .action(async (name, options) =>
    (await import('./commands/stage.ts')).stageCommand(environment(options), name, options),
  );

command('gate')
  .description('look at any file as the gate sees it; nothing is kept')
  .requiredOption(
    '--source <address or file>',
    'CSV (plain, gz, zip), Parquet, JSON; a file, a folder or an address',
  )
  .option('--previous <address or file>', 'compare its schema and values with this one')
  .option('--model <name>', 'with the roles and limits of this model of params.yaml')
  .option('--json <file>', 'write the report as JSON to this file, or to stdout with -')
  .action(async (options) =>
    (await import('./commands/gate.ts')).gateCommand(environment(fileJson(options)), options),
  );

command('readmit <model>')
  .description('run quarantined rows through the gate again, after params.yaml was mended')
  .action(async (model, options) =>
    (await import('./commands/gate.ts')).readmitCommand(environment(options), model),
  );

command('backtest')
  .description('every model and baseline at rolling cutoffs, nothing seen after each')
  .requiredOption('--source <address or file>', 'anything that ingest can read')
  .requiredOption('--from <date>', 'first day that is scored')
  .requiredOption('--to <date>', 'last day that is scored; later rows are not looked at')
  .option('--horizon <list>', 'steps ahead, such as 1,7', '1,7')
  .option('--model <name>', 'with the roles and settings of this model of params.yaml')
  .option('--target <column>', 'the column to forecast, where it is not new cases')
  .option('--json <file>', 'write the rows as JSON to this file, or to stdout with -')
  .action(async (options) =>
    (await import('./commands/backtest.ts')).backtestCommand(environment(fileJson(options)), options),
  );

command('rollback <model>')
  .description('make the champion’s predecessor champion again')
  .option('--to <version>', 'a registered version, such as v0003')
  .option('--why <reason>', 'kept in the history', 'asked for on the command line')
  .action(async (model, options) =>
    (await import('./commands/rollback.ts')).rollbackCommand(environment(options), model, options),
  );

command('explain [version]')
  .description(
    'from a forecast to its version, run, commit, data and source, each link checked; default: the champion',
  )
  .option('--model <name>', 'a model of params.yaml; needed where several are active')
  .option('--snapshot <hash or moment>', 'the other way: what was made of this snapshot')
  .option('--data <version>', 'the other way: what was made of this data version')
  .option('--json', 'one JSON document on stdout (call npm with --silent: it prints a line of its own there)')
  .action(async (version, options) =>
    (await import('./commands/explain.ts')).explainCommand(environment(options), version, options),
  );

command('doctor')
  .description('try every home end to end (write, read back, delete) and say what is wrong with it')
  .option('--json', 'one JSON document on stdout (call npm with --silent: it prints a line of its own there)')
  .action(async (options) =>
    (await import('./commands/doctor.ts')).doctorCommand(environment(options), options),
  );

for (const direction of ['pull', 'push'] as const) {
  command(`${direction} [model]`)
    .description(
      direction === 'pull'
        ? 'fetch data and outputs of one model, or of all, from the remote'
        : 'send data and outputs to the remote',
    )
    .action(async (model, options) =>
      (await import('./commands/transfer.ts')).transferCommand(environment(options), direction, model),
    );
}

addWorkflowCommands({ command, environment });

program
  .command('demo', { hidden: true })
  .description('make anew what the repository ships of data.dvc, dvc.lock and reports/')
  .action(async () => (await import('./commands/demo.ts')).demoCommand(stop.signal));

/** A command of ours, with what all of them take. */
function command(nameAndArguments: string): Command {
  return program
    .command(nameAndArguments)
    .option('--quiet', 'no progress')
    .option('--now <moment>', 'run as if it were this moment (ISO 8601)');
}

function environment(options: GlobalOptions) {
  return makeEnvironment(options, stop.signal);
}

/** Where `--json` takes a file, people still get their table unless the document goes to stdout. */
function fileJson(options: { json?: string }): GlobalOptions {
  return { ...options, json: options.json === '-' };
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = explain(error);
}

/** What a home answered may stand in a message: nothing leaves with a secret in it. */
function tell(text: string): void {
  process.stderr.write(withoutSecrets(text));
}

/** @returns the exit code */
function explain(error: unknown): number {
  if (stop.signal.aborted) {
    tell('\nStopped. What was finished is kept; the next run goes on from there.\n');
    return 130;
  }
  if (!(error instanceof PerennialError)) {
    tell(`\nUnexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return EXIT.unexpected;
  }
  if (error instanceof StageFailedError) tell(`\n${error.tail}\n`);
  tell(`\n${error.message}\n`);
  if (error.cause instanceof Error && process.env.LOG_LEVEL === 'debug') tell(`${error.cause.stack}\n`);
  if (error.hint) tell(`→ ${error.hint}\n`);
  return error.exitCode;
}
