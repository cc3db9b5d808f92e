import { join, relative } from 'node:path';
import { runTable } from '../stages/compare/run-table.ts';
import { terminalReport } from '../stages/gate/report-text.ts';
import type { Workspace } from '../workspace.ts';
import { paths, REPOSITORY } from '../workspace.ts';
import type { Environment } from './environment.ts';
import type { RunResult } from './run-result.ts';

/** What a run ends with: one JSON document for machines, else a table and a few lines for each model. */
export function showRun(
  environment: Environment,
  results: RunResult[],
  workspace: Workspace,
  json: boolean,
): void {
  if (json) {
    environment.console.print(JSON.stringify(results, null, 2));
    return;
  }
  for (const result of results) environment.console.print(`\n${text(result, workspace)}`);
}

function text(result: RunResult, workspace: Workspace): string {
  const at = paths(workspace, result.model);
  const shown = (path: string) => relative(REPOSITORY, path) || '.';
  const lines: string[] = [];
  if (result.silent) {
    lines.push(
      `! The portal has published nothing since ${result.silent.since}; expected every ${result.silent.expected_every}.`,
    );
  }
  if (result.promotion && result.metrics) {
    lines.push(
      runTable(result.promotion, result.metrics, {
        report: shown(at.report),
        'quality gate': shown(join(at.reports, 'gate.md')),
        'data profile': shown(join(at.profile, 'profile.html')),
        metrics: shown(at.metrics),
      }),
    );
  } else if (result.gate && !result.gate.passed) {
    // Every reason at once, where one looks first.
    lines.push(terminalReport(result.gate, { colour: process.stdout.isTTY }));
  } else {
    lines.push(`${result.model}: ${result.reason}`);
  }
  if (result.forecasts.length > 0) lines.push('', ...nextDays(result));
  return lines.join('\n');
}

/** The largest tracts' next step: enough to see that it is alive. */
function nextDays(result: RunResult): string[] {
  const first = Math.min(...result.forecasts.map((forecast) => forecast.horizon));
  const next = result.forecasts
    .filter((forecast) => forecast.horizon === first)
    .toSorted((a, b) => b.point - a.point)
    .slice(0, 3);
  const day = next[0].time.slice(0, 10);
  const said = next.map(
    ({ name, point, low, high }) => `${name} ${round(point)} (${round(low)}–${round(high)})`,
  );
  return [
    `Forecast by ${result.champion?.version} (${result.champion?.candidate}) for ${day}, with 90 % intervals: ${said.join(', ')}, …`,
    'Ask it anything: npm run serve',
  ];
}

const round = (value: number) => (Math.abs(value) < 10 ? Number(value.toFixed(1)) : Math.round(value));
