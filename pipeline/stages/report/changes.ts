import type { DataChange, ModelReport, ParamChange } from '../../contracts/pull-report.ts';
import { escapeMarkdown } from '../../metrics/escape-markdown.ts';
import { fold } from './block.ts';
import { link } from './link.ts';
import { narrowTable } from './table.ts';

const MOST_LINES = 20;

/** What changed in the data between base and head: rows, days, columns, and what the gate warned of. */
export function dataChange(data: DataChange | null): string {
  if (!data) return '';
  const same = data.from !== null && data.from === data.to;
  if (same && data.schema.length === 0 && data.warnings.length === 0) return '**Data**: the same as before';
  const { rows, lastTime, schema, warnings } = data;
  const table = narrowTable(
    [
      ['', 'Before', 'Now'],
      ['Rows', count(rows.from), `${count(rows.to)}${more(rows)}`],
      ['Up to', moment(lastTime.from), moment(lastTime.to)],
      ['Version', version(data.from), version(data.to)],
    ],
    { align: ['l', 'r', 'r'] },
  );
  const inside = [table];
  if (schema.length > 0) {
    const lines = schema
      .slice(0, MOST_LINES)
      .map(({ column, was, is, change }) => [
        escapeMarkdown(column, SHORT),
        escapeMarkdown(change, SHORT),
        was === null ? '–' : escapeMarkdown(was, SHORT),
        is === null ? '–' : escapeMarkdown(is, SHORT),
      ]);
    inside.push(
      narrowTable([['Column', 'Change', 'Was', 'Is'], ...lines]) + beyond(schema.length, 'columns'),
    );
  }
  if (warnings.length > 0) {
    const lines = warnings.slice(0, MOST_LINES).map((warning) => `- ${escapeMarkdown(warning)}`);
    inside.push(`The gate warned:\n\n${lines.join('\n')}${beyond(warnings.length, 'warnings')}`);
  }
  const told = [
    more(rows) ? `${more(rows).trim().slice(1, -1)} rows` : '',
    schema.length > 0 ? counted(schema.length, 'column') : '',
    warnings.length > 0 ? counted(warnings.length, 'warning') : '',
  ].filter(Boolean);
  return fold(
    `What changed in the data${told.length > 0 ? `: ${told.join(', ')}` : ''}`,
    inside.join('\n\n'),
  );
}

/** Settings of the model's entry that differ between base and head. */
export function paramChanges(params: ParamChange[]): string {
  if (params.length === 0) return '';
  const table = narrowTable([
    ['Setting', 'Before', 'Now'],
    ...params
      .slice(0, MOST_LINES)
      .map(({ setting, from, to }) => [
        escapeMarkdown(setting, { longest: 80 }),
        from === null ? '–' : escapeMarkdown(from, SHORT),
        to === null ? '–' : escapeMarkdown(to, SHORT),
      ]),
  ]);
  return fold(`What changed in the parameters: ${params.length}`, table + beyond(params.length, 'settings'));
}

/** From what it was made, and where it can be looked at. */
export function lineageLine({
  commit,
  dataVersion,
  bundle,
  mlflowRun,
  artifact,
}: ModelReport['lineage']): string {
  const parts = [
    commit && `commit ${escapeMarkdown(commit.slice(0, 12))}`,
    dataVersion && `data ${version(dataVersion)}`,
    bundle && `bundle ${escapeMarkdown(bundle.slice(0, 12))}`,
    mlflowRun && link(`MLflow run ${mlflowRun.id.slice(0, 8)}`, mlflowRun.page),
    artifact &&
      `${link(artifact.name, artifact.page)}${artifact.expiresAt ? ` (until ${moment(artifact.expiresAt.slice(0, 10))})` : ''}`,
  ].filter(Boolean);
  return parts.length > 0 ? `<sub>${parts.join(' · ')}</sub>` : '';
}

const SHORT = { longest: 60 };

function count(value: number | null): string {
  return value === null ? '–' : value.toLocaleString('en-US');
}

function counted(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}

function more({ from, to }: DataChange['rows']): string {
  if (from === null || to === null || from === to) return '';
  return ` (${to > from ? '+' : '−'}${Math.abs(to - from).toLocaleString('en-US')})`;
}

function moment(time: string | null): string {
  if (time === null) return '–';
  return escapeMarkdown(time.replace(/T00:00(:00(\.0+)?)?(Z|$)/, ''), { longest: 24 });
}

function version(of: string | null): string {
  return of === null ? '–' : escapeMarkdown(of.slice(0, 12));
}

function beyond(n: number, what: string): string {
  return n > MOST_LINES ? `\n\n… and ${n - MOST_LINES} more ${what}.` : '';
}
