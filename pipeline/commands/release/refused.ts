import { type ErrorDetails, PerennialError } from '../../contracts/errors.ts';
import type { Environment } from '../environment.ts';
import { tellWorkflow } from '../etl/outputs.ts';

/** What was to be released is not what it should be: production.json is to be taken back. Nobody's network is at fault. */
export class ReleaseRefused extends PerennialError {
  constructor(
    message: string,
    /** For people, Markdown; beside the sentence. */
    readonly seen = '',
    details: ErrorDetails = {},
  ) {
    super(message, { hint: 'nothing has moved: what was served before is served on', ...details });
  }
}

/** Tells the workflow's next jobs why, so that one of them can take it back. */
export async function tellingRefusal<T>(environment: Environment, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ReleaseRefused)
      await tellWorkflow(
        environment,
        { refused: error.message.slice(0, LONGEST) },
        `**Refused.** ${error.seen}`,
      );
    throw error;
  }
}

const LONGEST = 2_000;
