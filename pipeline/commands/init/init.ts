import { UsageError } from '../../contracts/errors.ts';
import { readParams } from '../../params.ts';
import { REPOSITORY } from '../../workspace.ts';
import { findingsTable, summary } from '../doctor/table.ts';
import { examineAll } from '../doctor.ts';
import type { Environment } from '../environment.ts';
import { parseOwner } from './answers.ts';
import { makeApp } from './app/make-app.ts';
import { askAll, openTerminal, type Terminal } from './ask.ts';
import { lookAtGithub, placeOnGithub } from './look-at-github.ts';
import { estimateMinutes, LONGEST_TRAINING, minutesWords } from './minutes.ts';
import { ghLines } from './next-steps.ts';
import { readOffers } from './offers.ts';
import { beginAnew, modelsWithReports } from './reset.ts';
import { writeAnswers } from './write-answers.ts';

export interface InitOptions {
  owner?: string;
  homes?: string;
  storage?: string;
  models?: string;
  schedule?: string;
  app?: boolean;
  reset?: boolean;
  yes?: boolean;
}

export interface Where {
  repository: string;
  env: NodeJS.ProcessEnv;
}

/** `perennial init`: five answers become the configuration of a team's own repository. The same answers again change
 *  nothing. @throws UsageError before anything is written */
export async function initCommand(
  environment: Environment,
  options: InitOptions,
  where: Where = { repository: REPOSITORY, env: process.env },
): Promise<void> {
  const offers = await readOffers(where);
  if (options.app && isForAppAlone(options)) {
    const owner = options.owner ?? offers.owner;
    if (!owner) throw new UsageError('--owner is missing', { hint: 'give it: --owner acme/cases' });
    return await makeTheApp(environment, where, parseOwner(owner));
  }
  const terminal =
    process.stdin.isTTY && !options.yes ? openTerminal(environment.console.say, environment.signal) : null;
  try {
    await configure(environment, { options, where, offers, terminal });
  } finally {
    terminal?.close();
  }
}

/** `--app` and nothing to configure. */
const isForAppAlone = ({ homes, storage, models, schedule, reset, yes }: InitOptions) =>
  [homes, storage, models, schedule].every((flag) => flag === undefined) && !reset && !yes;

async function configure(
  environment: Environment,
  about: {
    options: InitOptions;
    where: Where;
    offers: Awaited<ReturnType<typeof readOffers>>;
    terminal: Terminal | null;
  },
): Promise<void> {
  const { options, where, offers, terminal } = about;
  const { console } = environment;
  const answers = await askAll(options, offers, { terminal, offersCount: options.yes ?? false });
  const reset = options.reset || (terminal !== null && (await asksForReset(terminal, where.repository)));
  const done = await writeAnswers(answers, where.repository, {
    before: () => (reset ? beginAnew(where.repository, environment.now()) : Promise.resolve([])),
  });
  for (const line of done) console.say(`✓ ${line}`);
  if (done.length === 0) console.say('✓ Everything is as you answered already');

  const github = await lookAtGithub(environment, where, answers.owner);
  const params = await readParams(where.repository);
  const active = Object.values(params.models).filter((model) => model.active);
  const estimate = estimateMinutes(
    answers.schedule.every,
    active.map(({ schedule }) => schedule.train),
  );
  const minutes = minutesWords(estimate, { isPrivate: github.isPrivate });
  console.say(`\nMinutes: ${minutes.join(';\n  ')}.`);
  console.say(`A training must end within ${LONGEST_TRAINING} minutes of a hosted runner.`);

  const repository = `${answers.owner.owner}/${answers.owner.name}`;
  console.say('\nGitHub asks you for these values; put the secrets into .env too, for this machine:\n');
  for (const line of ghLines(repository, answers)) console.say(`  ${line}`);
  if (options.app) await makeTheApp(environment, where, answers.owner);
  else console.say('\nThe robots need a GitHub App: npm run init -- --app');
  console.say('Then look at the changes, commit and push them, and: npm run github:protect -- --apply\n');

  const findings = [...(await examineAll(environment, where)), ...github.findings];
  console.print(`${findingsTable(findings)}\n\n${summary(findings)}`);
}

async function asksForReset(terminal: Terminal, repository: string): Promise<boolean> {
  const models = await modelsWithReports(repository);
  if (models.length === 0) return false;
  const question = `Forget what is there of ${models.join(', ')} (reports, history, data.dvc, dvc.lock; git keeps it)? yes or no`;
  return /^y(es)?$/i.test(await terminal.ask(question, 'no'));
}

async function makeTheApp(
  environment: Environment,
  where: Where,
  owner: { owner: string; name: string },
): Promise<void> {
  const { place, ownerKind } = await placeOnGithub(environment, where, owner);
  await makeApp(environment, { repository: where.repository, place, ownerKind });
}
