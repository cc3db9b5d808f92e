import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PerennialError } from '../../contracts/errors.ts';
import type { Params } from '../../contracts/params.ts';
import { escapeMarkdown } from '../../metrics/escape-markdown.ts';
import { withoutSecrets } from '../../secrets.ts';
import { paths, type Workspace } from '../../workspace.ts';
import type { Environment } from '../environment.ts';
import { dvcOutside, openOutside } from '../outside.ts';
import type { Answer } from './answer.ts';
import { explainTract } from './explain-tract.ts';
import { type Published, readPublished } from './read-published.ts';

/** The newest published forecast of a tract, looked for in all active models. */
export async function explain(
  environment: Environment,
  { tract, params, workspace }: { tract: string; params: Params; workspace: Workspace },
): Promise<Answer> {
  const outside = await openOutside(environment);
  try {
    const dvc = dvcOutside(environment, outside, { workspace, now: environment.now });
    const published: Published[] = [];
    const missing: string[] = [];
    for (const model of Object.keys(params.models).filter((name) => params.models[name].active)) {
      const pull = async (pointer: string) => {
        // DVC wants the folder that a pointer stands for.
        await mkdir(dirname(paths(workspace, model).pack), { recursive: true });
        await dvc.pull({ targets: [pointer] });
      };
      try {
        const one = await readPublished(workspace, model, pull);
        if (one) published.push(one);
        else missing.push(`\`${model}\` has published none.`);
      } catch (error) {
        // One model's lost pack does not silence the others.
        environment.log.warn({ err: error, model }, 'the pack cannot be read');
        missing.push(`The forecasts of \`${model}\` cannot be read: ${escapeMarkdown(messageOf(error))}.`);
      }
    }
    return explainTract(tract, published, missing);
  } finally {
    await outside.close();
  }
}

function messageOf(error: unknown): string {
  return withoutSecrets(error instanceof PerennialError ? error.message : 'the run’s log tells why');
}
