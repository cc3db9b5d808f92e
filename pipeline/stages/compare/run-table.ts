import type { MetricsFile } from '../../contracts/metrics.ts';
import type { Promotion } from '../../contracts/promotion.ts';
import { difference, type Metric, metricTitle, VERDICTS, written } from '../../metrics/wording.ts';

/** The table a run ends with, for a terminal: who was compared, the decision and why, and where the reports are.
 *  @param reports label → path, as the reader may open it */
export function runTable(
  promotion: Promotion,
  metrics: MetricsFile,
  reports: Record<string, string> = {},
): string {
  const metric = promotion.metric as Metric;
  const order = ['challenger', 'champion', 'baseline', 'candidate'];
  const models = metrics.models
    .filter(({ role }) => role !== 'candidate')
    .toSorted((a, b) => order.indexOf(a.role) - order.indexOf(b.role));
  const challenger = models.find(({ role }) => role === 'challenger');
  const shown = [...new Set<Metric>([metric, 'mae', 'wis', 'coverage90'])];
  const rows = models.map(({ role, name, overall }) => [
    role,
    plain(name),
    ...shown.map((column) => written(column, overall[column])),
    role === 'challenger' ? '' : difference(metric, challenger?.overall[metric] ?? null, overall[metric]),
  ]);
  const head = ['', 'model', ...shown.map(metricTitle), 'challenger is'];
  const lines = [
    ...grid([head, ...rows]),
    '',
    `${promotion.promote ? '✓' : promotion.merge ? '–' : '✗'} ${VERDICTS[promotion.outcome]}`,
    ...wrap(plain(promotion.reason), 100),
  ];
  const places = Object.entries(reports);
  if (places.length > 0) lines.push('');
  const widest = Math.max(0, ...places.map(([label]) => label.length));
  for (const [label, path] of places) lines.push(`  ${label.padEnd(widest)}  ${path}`);
  return lines.map((line) => line.trimEnd()).join('\n');
}

function grid(rows: string[][]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => [...row[column]].length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => {
        const space = ' '.repeat(widths[column] - [...cell].length);
        return column < 2 ? cell + space : space + cell;
      })
      .join('   '),
  );
  lines.splice(1, 0, '─'.repeat(widths.reduce((sum, width) => sum + width + 3, -3)));
  return lines;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line && line.length + word.length + 1 > width) {
      lines.push(`  ${line}`);
      line = word;
    } else line = line ? `${line} ${word}` : word;
  }
  return line ? [...lines, `  ${line}`] : lines;
}

/** A name from elsewhere must not move the cursor or change the colours. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ');
}
