import { createHash } from 'node:crypto';
import type { Issue } from '../../clients/github/github.ts';
import type { GateReport } from '../../contracts/gate.ts';

export const GATE_LABEL = 'perennial-gate';
/** GitHub takes 65,536 characters. */
const LONGEST = 60_000;

export type GateIssueStep =
  | { do: 'nothing' }
  | { do: 'open' | 'edit'; title: string; body: string }
  | { do: 'close'; word: string };

/** What to do about the one issue that a model's refused data have. It is written anew only when the gate says something
 *  else than before, and closed when the gate passes again.
 *  @param input.open the model's open issue, null: none
 *  @param input.text the report as Markdown, escaped
 *  @param input.page of the workflow's run */
export function gateIssueStep(input: {
  model: string;
  report: GateReport;
  text: string;
  open: Pick<Issue, 'title' | 'body'> | null;
  page: string | null;
}): GateIssueStep {
  const { model, report, text, open, page } = input;
  if (report.passed) {
    if (!open) return { do: 'nothing' };
    return {
      do: 'close',
      word: `The gate passes again: ${report.rows} rows until ${report.last_time ?? 'an unknown day'}. Closed by itself.`,
    };
  }
  const marker = `${markerOf(model)} ${fingerprint(report)} -->`;
  if (open?.body.includes(marker)) return { do: 'nothing' };
  const run = page
    ? `[This run](${page}) met it; it keeps what was refused for 14 days as an artifact. `
    : '';
  const body = [
    marker,
    `The gate refused what the portal of \`${model}\` published. What was served before is served on, and later data are looked at every time.`,
    cut(text),
    `${run}Mend the settings of \`${model}\` in \`params.yaml\` where the portal has changed for good (docs/params.md); otherwise there is nothing to do: this issue closes by itself when the gate passes again.`,
  ].join('\n\n');
  const title = `The gate refused the data of ${model}`;
  return { do: open ? 'edit' : 'open', title, body };
}

/** The open issue of a model among those with the label, opened by ourselves; of several the oldest. */
export function gateIssueOf(model: string, issues: Issue[], login: string | null): Issue | null {
  const ours = issues.filter(({ author, body }) => author === login && body.startsWith(markerOf(model)));
  return ours.sort((a, b) => a.number - b.number)[0] ?? null;
}

const markerOf = (model: string) => `<!-- perennial:gate:${model}`;

/** Of what the gate found; when it was collected changes with every look. */
function fingerprint({ collected_at: _, ...found }: GateReport): string {
  return createHash('sha256').update(JSON.stringify(found)).digest('hex').slice(0, 16);
}

function cut(text: string): string {
  if (text.length <= LONGEST) return text.trim();
  const kept = text.slice(0, LONGEST);
  return `${kept.slice(0, kept.lastIndexOf('\n'))}\n\n… cut here; the run's summary has all of it.`;
}
