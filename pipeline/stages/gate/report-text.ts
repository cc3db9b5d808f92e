import { markdownTable } from 'markdown-table';
import type { GateReport } from '../../contracts/gate.ts';
import { type Cell, layout, type Style } from './layout.ts';

/** The report for a terminal: the verdict first, then what to do, then what was seen. */
export function terminalReport(report: GateReport, options: { colour?: boolean } = {}): string {
  return layout(report, options.colour ? COLOURED : PLAIN);
}

/** The same as Markdown, for pull requests and `reports/`. */
export function markdownReport(report: GateReport): string {
  return layout(report, MARKDOWN);
}

const PLAIN: Style = {
  title: (text) => `${text}\n${'─'.repeat([...text].length)}`,
  verdict: (passed, text) => `${passed ? 'PASSED' : 'FAILED'}  ${text}`,
  code: (text) => text,
  table: (head, rows) => aligned([head, ...rows]),
  item: (text) => `  ${text}`,
  mark: (mark) => ({ fail: 'FAIL', warn: 'warn', ok: 'ok' })[mark],
};

const COLOURED: Style = {
  ...PLAIN,
  title: (text) => `\u001b[1m${text}\u001b[0m`,
  verdict: (passed, text) => `\u001b[1;${passed ? 32 : 31}m${PLAIN.verdict(passed, text)}\u001b[0m`,
};

const MARKDOWN: Style = {
  title: (text) => `### ${text}\n`,
  verdict: (passed, text) => `## Gate: ${passed ? 'passed' : 'failed'}\n\n${escaped(text)}`,
  code: (text) => `\`${text.replaceAll('`', 'ˋ')}\``,
  table: (head, rows) => markdownTable([[...head], ...rows.map((row) => row.map(escaped))]),
  item: (text) => `- ${escaped(text)}`,
  mark: (mark) => ({ fail: '❌', warn: '⚠️', ok: '✅' })[mark],
};

/** Values come from strangers' files: nothing in them may become markup. */
function escaped(text: string): string {
  return text
    .replace(/[\r\n]+/g, ' ')
    .replaceAll('\\', '\\\\')
    .replace(/[|<>*_~#[\]@]/g, (character) => (character === '@' ? '@\u200b' : `\\${character}`));
}

function aligned(rows: readonly (readonly Cell[])[]): string {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => width(row[i] ?? ''))));
  return rows
    .map((row) =>
      `  ${row.map((cell, i) => (i === row.length - 1 ? cell : cell + ' '.repeat(widths[i] - width(cell)))).join('  ')}`.trimEnd(),
    )
    .join('\n');
}

function width(text: string): number {
  return [...text].length;
}
