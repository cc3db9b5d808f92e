import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StageContext } from '../../context.ts';
import { Plan } from '../../contracts/plan.ts';
import type { Registry } from '../../contracts/registry.ts';
import { readJson } from '../../files.ts';
import { escapeMarkdown } from '../../metrics/escape-markdown.ts';
import { compare } from '../../stages/compare/run.ts';
import { evaluate } from '../../stages/evaluate/run.ts';
import type { Finding } from './submission.ts';

/** Scores and decides on what lies in the workspace, as a scheduled run would; the verdict is for display, for the judge
 *  finds it out anew. */
export async function compareHere(
  context: StageContext,
  options: {
    registry: Registry;
    commit: string;
    dataVersion: string;
    /** One sentence, where there is a champion that cannot be compared with. */
    unknown: string | null;
    /** The baseline that was published in the challenger's place. */
    fallback?: boolean;
  },
): Promise<Finding> {
  const { paths } = context;
  const { registry, unknown, ...about } = options;
  const metrics = await evaluate(context, { registry, ...about });
  const promotion = await compare(context, about);
  const report = await readFile(paths.report, 'utf8');
  return {
    state: 'trained',
    reason: unknown ? `${unknown} ${promotion.reason}` : promotion.reason,
    dataVersion: about.dataVersion,
    plan: await readJson(paths.plan, Plan),
    metrics,
    promotion,
    forecasts: join(paths.train, 'forecasts.parquet'),
    report: unknown ? `${escapeMarkdown(unknown, { longest: 1_000 })}\n\n${report}` : report,
  };
}
