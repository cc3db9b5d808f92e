import type { ExpectationResult, GateReport } from '../../contracts/gate.ts';
import { unmet } from './unmet.ts';

export type Cell = string;

/** How the parts of a report are set; terminal and Markdown share the words. */
export interface Style {
  title(text: string): string;
  verdict(passed: boolean, text: string): string;
  code(text: string): string;
  table(head: readonly Cell[], rows: readonly (readonly Cell[])[]): string;
  item(text: string): string;
  mark(mark: 'fail' | 'warn' | 'ok'): string;
}

export function layout(report: GateReport, style: Style): string {
  const parts = [
    style.verdict(report.passed, summary(report)),
    ...section(style, 'What stops the run', unmet(report, 'fail'), (rows) =>
      rows.map((row) => detail(row, style)).join('\n'),
    ),
    ...section(style, 'Worth a look', unmet(report, 'warn'), (rows) =>
      rows.map((row) => detail(row, style)).join('\n'),
    ),
    ...section(style, 'What changed since the last accepted schema', report.anomalies, (anomalies) =>
      style.table(
        ['', 'change', 'column', 'was', 'evidence'],
        anomalies.map(({ kind, column, was, severity, evidence }) => [
          style.mark(severity === 'ignore' ? 'ok' : severity),
          kind.replace('_', ' '),
          column,
          was ?? '',
          evidence,
        ]),
      ),
    ),
    ...section(style, 'Columns', used(report), (columns) =>
      style.table(
        ['column', 'role', 'confidence', 'because'],
        columns.map(({ name, role, confidence, evidence }) => [
          name,
          role,
          percent(confidence),
          short(evidence),
        ]),
      ),
    ),
    ...unused(report, style),
    ...section(style, 'Mended on the way', report.repairs, (repairs) =>
      repairs
        .map(({ repair, count, examples }) =>
          style.item(
            `${number(count)} × ${repair}${examples.length > 0 ? ` (${examples.slice(0, 2).join('; ')})` : ''}`,
          ),
        )
        .join('\n'),
    ),
    ...section(style, 'Passed', passed(report), (names) => style.item(names.join(', '))),
  ];
  return `${parts.join('\n\n')}\n`;
}

function summary(report: GateReport): string {
  const reasons =
    unmet(report, 'fail').length + report.anomalies.filter(({ severity }) => severity === 'fail').length;
  const warnings =
    unmet(report, 'warn').length + report.anomalies.filter(({ severity }) => severity === 'warn').length;
  const span =
    report.first_time && report.last_time
      ? `, ${report.first_time.slice(0, 10)} to ${report.last_time.slice(0, 10)}`
      : '';
  return [
    report.source,
    `${number(report.rows)} rows, ${number(report.tracts)} tracts${span}`,
    ...(report.quarantined > 0 ? [`${number(report.quarantined)} in quarantine`] : []),
    ...(reasons > 0 ? [plural(reasons, 'reason to stop', 'reasons to stop')] : []),
    ...(warnings > 0 ? [plural(warnings, 'warning', 'warnings')] : []),
  ].join(' · ');
}

/** Two or three lines: what, observed against limit; where; what to do. */
function detail(failure: ExpectationResult, style: Style): string {
  const { expectation, column, observed, limit, examples, hint, severity } = failure;
  const head = `${style.mark(severity === 'fail' ? 'fail' : 'warn')} ${expectation}${column ? ` (${column})` : ''}: ${value(observed, expectation)}, limit ${value(limit, expectation)}`;
  return [
    style.item(head),
    ...(examples.length > 0 ? [`  ${style.item(`seen: ${listed(examples)}`)}`] : []),
    ...(hint ? [`  ${style.item(`do: ${hint}`)}`] : []),
  ].join('\n');
}

function used(report: GateReport) {
  return report.columns.filter(({ role }) => role !== 'other');
}

function unused(report: GateReport, style: Style): string[] {
  const names = report.columns.filter(({ role }) => role === 'other').map(({ name }) => name);
  const shown = names.slice(0, MOST_NAMES);
  const more = names.length > shown.length ? ` and ${names.length - shown.length} more` : '';
  return names.length > 0 ? [style.item(`not used: ${shown.join(', ')}${more}`)] : [];
}

function passed(report: GateReport): string[] {
  return [...new Set(report.expectations.filter((one) => one.passed).map(({ expectation }) => expectation))];
}

function section<T>(
  style: Style,
  title: string,
  rows: readonly T[],
  render: (rows: readonly T[]) => string,
): string[] {
  return rows.length > 0 ? [`${style.title(title)}\n${render(rows)}`] : [];
}

/** A file of 67 columns has its names in the JSON. */
const MOST_NAMES = 12;

const SHARES = /share|types|ranges|rejected|quarantined|cover|within|column-roles/;

function value(observed: number | string | null, expectation: string): string {
  if (typeof observed !== 'number') return observed ?? 'nothing';
  return SHARES.test(expectation) && observed <= 1 ? percent(observed) : number(observed);
}

function percent(share: number): string {
  const shown = share * 100;
  return `${shown > 0 && shown < 10 ? Number(shown.toPrecision(2)) : Math.round(shown)} %`;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}

function plural(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** As many examples as fit two lines; there is at least one. */
function listed(examples: readonly string[]): string {
  const shown: string[] = [];
  let length = 0;
  for (const text of examples.map(short)) {
    length += text.length;
    if (shown.length > 0 && length > 160) break;
    shown.push(text);
  }
  return shown.join('; ');
}

function short(text: string): string {
  return text.length > 110 ? `${text.slice(0, 107)}…` : text;
}
