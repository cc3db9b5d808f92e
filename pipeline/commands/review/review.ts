import { setOutput } from '@actions/core';
import { EXIT, GateError } from '../../contracts/errors.ts';
import { REPOSITORY, workspaceAt } from '../../workspace.ts';
import type { Environment } from '../environment.ts';
import { addToSummary } from '../job-summary.ts';
import { readModelName, readRequest } from './request.ts';
import { reviewPlan } from './review-plan.ts';
import { type Finding, forgetSubmission, sentence, submit } from './submission.ts';

/** Output `models`: the names as a JSON list, for the matrix of the workflow. */
export async function reviewPlanCommand(
  environment: Environment,
  options: { into: string; base: string; head: string },
): Promise<void> {
  const { models, table } = await reviewPlan(environment, await readRequest(options));
  if (process.env.GITHUB_OUTPUT) setOutput('models', JSON.stringify(models));
  else environment.console.print(JSON.stringify(models));
  environment.console.say(table);
  await addToSummary(table);
}

/** Whatever becomes of it, a submission says so: who judges tells a missing one from a failed one. */
export async function reviewModelCommand(
  environment: Environment,
  options: { model: string; into: string; base: string; head: string },
): Promise<void> {
  const model = readModelName(options.model);
  const request = await readRequest(options);
  const workspace = workspaceAt(REPOSITORY);
  const about = { request, madeAt: environment.now().toISOString() };
  await forgetSubmission(workspace, model);
  let finding: Finding;
  try {
    const { reviewModel } = await import('./review-model.ts');
    finding = await reviewModel(environment, model, request);
    await addToSummary(
      await submit(workspace, model, finding, { ...about, madeAt: environment.now().toISOString() }),
    );
  } catch (error) {
    // A newer commit has stopped it: that one's review speaks.
    if (!environment.signal.aborted)
      await addToSummary(
        await submit(workspace, model, { state: 'crashed', reason: sentence(error) }, about),
      );
    throw error;
  }
  environment.console.say(`${model}: ${finding.state}. ${finding.reason}`);
  if (finding.state === 'gate-failed')
    throw new GateError(`${model}: ${finding.reason}`, {
      exitCode: EXIT.gateFailed,
      hint: 'the report lists every expectation',
    });
}
