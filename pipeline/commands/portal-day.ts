import { join } from 'node:path';
import { z } from 'zod';
import { readJson, writeJson } from '../files.ts';
import { FIRST_PUBLICATION } from '../simulator/portal.ts';
import type { Workspace } from '../workspace.ts';

const DAY_MS = 86_400_000;
const PortalDay = z.strictObject({ day: z.number().int().nonnegative() });
const file = (workspace: Workspace) => join(workspace.root, 'portal.json');

/**
 * Day of the embedded portal that a run meets. On a laptop nobody waits a night for the next one: each run that
 * came to its end moves the portal on. In a workflow, or with a frozen clock, the calendar decides.
 */
export async function nextPortalDay(
  workspace: Workspace,
  options: { now: Date; byCalendar: boolean; advance: number },
): Promise<number> {
  if (options.byCalendar)
    return Math.max(0, Math.floor((options.now.getTime() - FIRST_PUBLICATION) / DAY_MS));
  const last = await readJson(file(workspace), PortalDay);
  return last ? last.day + options.advance : 0;
}

export async function rememberPortalDay(workspace: Workspace, day: number): Promise<void> {
  if (workspace.local) await writeJson(file(workspace), PortalDay, { day });
}
