import { CorruptError, UsageError } from '../contracts/errors.ts';
import type { Params } from '../contracts/params.ts';
import { modelParams, readParams } from '../params.ts';
import { chainText } from '../stages/explain/chain-text.ts';
import { usesOfData, usesOfSnapshot } from '../stages/explain/read-uses.ts';
import { explain } from '../stages/explain/run.ts';
import { usesText } from '../stages/explain/uses.ts';
import { REPOSITORY } from '../workspace.ts';
import { type Environment, stageContext } from './environment.ts';
import { openOutside } from './outside.ts';
import { workspaceOf } from './written.ts';

export interface ExplainCommandOptions {
  model?: string;
  /** A snapshot's SHA-256 or moment: where it went, in place of where a version came from. */
  snapshot?: string;
  /** A data version, likewise. */
  data?: string;
  json?: boolean;
}

/** `perennial explain`: from a forecast to the snapshot it stands on, each link checked; or back.
 *  @throws CorruptError where a link is broken, after the chain was printed */
export async function explainCommand(
  environment: Environment,
  version: string | undefined,
  options: ExplainCommandOptions,
): Promise<void> {
  if ([version, options.snapshot, options.data].filter((one) => one !== undefined).length > 1)
    throw new UsageError('give one of a version, --snapshot and --data');
  const params = await readParams(REPOSITORY);
  const model = options.model ?? onlyModel(params);
  const context = stageContext(
    environment,
    workspaceOf(params.promotion.mode),
    model,
    modelParams(params, model),
  );
  const outside = await openOutside(environment);
  const registry = await outside.registry(context);
  try {
    const back = options.snapshot ?? options.data;
    if (back !== undefined) {
      const ask = options.snapshot === undefined ? usesOfData : usesOfSnapshot;
      const uses = await ask(context, { registry, asked: back });
      environment.console.print(options.json ? JSON.stringify(uses, null, 2) : usesText(uses));
      return;
    }
    const { mlflow, homes } = outside;
    const remote = homes.remote?.shown ?? null;
    const chain = await explain(context, { registry, mlflow, remote, version });
    environment.console.print(options.json ? JSON.stringify(chain, null, 2) : chainText(chain));
    const broken = chain.links.find(({ checked }) => checked === 'broken');
    if (!broken) return;
    throw new CorruptError(`${model} ${chain.version}: the link "${broken.link}" is broken: ${broken.why}`, {
      hint: broken.hint ?? undefined,
    });
  } finally {
    await Promise.all([registry.close(), outside.close()]);
  }
}

function onlyModel(params: Params): string {
  const active = Object.keys(params.models).filter((name) => params.models[name].active);
  if (active.length === 1) return active[0];
  throw new UsageError('which model?', { hint: `name one with --model: ${active.join(', ')}` });
}
