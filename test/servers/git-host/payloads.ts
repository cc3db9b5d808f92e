import { webhook } from './description.ts';
import { fill } from './fill.ts';
import { faultsOf } from './validate.ts';

/** An event's payload in GitHub's whole shape. @throws Error if it is not what GitHub's description says.
 *  @param name `pull_request`, with its action in the payload */
export function eventPayload(name: string, payload: Record<string, unknown>): Record<string, unknown> {
  const schema = webhook(describedName(name, payload.action as string | undefined));
  const whole = fill(schema, payload) as Record<string, unknown>;
  const faults = faultsOf(schema, whole);
  if (faults.length > 0)
    throw new Error(`the stand-in's payload of ${name} is not GitHub's: ${faults.join('; ')}`);
  return whole;
}

const describedName = (name: string, action: string | undefined) =>
  [name, action].filter(Boolean).join('-').replaceAll('_', '-');
