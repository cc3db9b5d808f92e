import type { Finding } from './finding.ts';

const MARKS: Record<Finding['state'], string> = { well: '✓', note: '·', wrong: '✗' };
const WIDEST_PLACE = 46;

/** A line for each finding, what to do below it. */
export function findingsTable(findings: Finding[]): string {
  const width = (values: string[]) => Math.max(0, ...values.map((value) => value.length));
  const home = width(findings.map((finding) => finding.home));
  const where = Math.min(WIDEST_PLACE, width(findings.map((finding) => finding.where)));
  const indent = ' '.repeat(2 + home + 2);
  const lines = findings.flatMap((finding) => [
    `${MARKS[finding.state]} ${finding.home.padEnd(home)}  ${placed(finding, where, indent)}`.trimEnd(),
    ...(finding.hint ? [`${indent}→ ${finding.hint}`] : []),
  ]);
  return lines.join('\n');
}

/** A long address gets a line of its own. */
function placed({ where, said }: Finding, width: number, indent: string): string {
  return where.length > width ? `${where}\n${indent}${said}` : `${where.padEnd(width)}  ${said}`;
}

/** The last line, on the stream that its meaning belongs to. */
export function summary(findings: Finding[]): string {
  const wrong = findings.filter(({ state }) => state === 'wrong').length;
  if (wrong === 0) return `All is well: ${findings.length} checks.`;
  return `${wrong} of ${findings.length} checks found something wrong; each line with ✗ says what to do.`;
}
