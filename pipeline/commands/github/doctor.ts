import { githubAt } from '../../clients/github/github-at.ts';
import { PerennialError } from '../../contracts/errors.ts';
import { withhold } from '../../secrets.ts';
import { REPOSITORY } from '../../workspace.ts';
import { exitCodeOf } from '../doctor/finding.ts';
import { findingsTable, summary } from '../doctor/table.ts';
import type { Environment } from '../environment.ts';
import { readApp, readPerson, type Where } from './actors.ts';
import { examineGithub } from './examine-github.ts';
import { needsToken } from './protect-plan.ts';

/** `perennial github-doctor`: what the workflows need on GitHub and do not have. Changes nothing, shows no secret.
 *  @throws PerennialError where something is wrong, after it was shown */
export async function githubDoctorCommand(
  environment: Environment,
  options: { json?: boolean },
  where: Where = { repository: REPOSITORY, env: process.env },
): Promise<void> {
  const { console, signal, now } = environment;
  const person = await readPerson(where);
  const github = githubAt(person, { signal, withhold });
  if (person.as.kind === 'nobody') throw needsToken(github.repository);
  const appId = await github.variables().then(
    (variables) => variables.PERENNIAL_APP_ID,
    () => undefined,
  );
  const appHome = await readApp(where, { person, appId });
  const app = appHome && githubAt(appHome, { signal, withhold });
  const findings = await examineGithub({ github, app, where, now });
  const exitCode = exitCodeOf(findings);
  if (options.json) console.print(JSON.stringify({ well: exitCode === 0, findings }, null, 2));
  else console.print(findingsTable(findings));
  if (exitCode === 0 && !options.json) console.print(`\n${summary(findings)}`);
  if (exitCode !== 0) throw new PerennialError(summary(findings), { exitCode });
}
