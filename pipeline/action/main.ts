import { info, setFailed, setOutput, setSecret, summary, warning } from '@actions/core';
import { PerennialError } from '../contracts/errors.ts';
import { withoutSecrets } from '../secrets.ts';
import { readInputs } from './inputs.ts';
import { runAction } from './run.ts';

/** The step that `action.yml` runs: inputs in, verdict out. */
async function main(): Promise<void> {
  const inputs = readInputs();
  if (inputs.token) setSecret(inputs.token);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const outcome = await runAction(inputs, {
    env: process.env,
    signal: stop.signal,
    now: () => new Date(),
  });
  for (const name of ['merge', 'promote', 'verdict', 'report'] as const) setOutput(name, outcome[name]);
  for (const told of outcome.warnings) warning(told);
  info(`${outcome.verdict}: ${outcome.reason}`);
  if (process.env.GITHUB_STEP_SUMMARY) await summary.addRaw(outcome.summary, true).write();
  if (!outcome.merge && inputs['fail-on-worse']) setFailed(outcome.reason);
}

try {
  await main();
} catch (error) {
  // Whoever reads the outputs must not take silence for consent.
  setOutput('merge', false);
  setOutput('promote', false);
  setOutput('verdict', 'error');
  const told = error instanceof PerennialError && error.hint ? `; ${error.hint}` : '';
  setFailed(withoutSecrets(`${error instanceof Error ? error.message : String(error)}${told}`));
}
