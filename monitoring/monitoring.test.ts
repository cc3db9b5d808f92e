import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { monitorOf } from '../serve/monitor/monitor.ts';
import { DASHBOARDS, GRAFANA_ALERTS } from './grafana/panels.ts';
import { grafanaFiles } from './grafana/provision.ts';

const HERE = import.meta.dirname;
const REPOSITORY = join(HERE, '..');
const read = (...path: string[]) => readFileSync(join(HERE, ...path), 'utf8');

interface Rule {
  alert?: string;
  record?: string;
  expr: string;
  annotations?: { runbook: string };
}
const rulesOf = (file: string): Rule[] =>
  parse(read('prometheus/rules', file)).groups.flatMap(({ rules }: { rules: Rule[] }) => rules);
const alerts = rulesOf('alerts.yml');
const records = rulesOf('recording.yml');

describe('alerts', () => {
  it.each(alerts.map(({ alert, annotations }) => [alert!, annotations!.runbook]))(
    '%s has a page that tells what to do',
    (alert, runbook) => {
      expect(readFileSync(join(REPOSITORY, runbook), 'utf8')).toContain(alert);
    },
  );

  it('leave no page without an alert', () => {
    const pages = new Set(alerts.map(({ annotations }) => annotations!.runbook));
    expect(
      readdirSync(join(REPOSITORY, 'docs/runbooks'))
        .map((name) => `docs/runbooks/${name}`)
        .sort(),
    ).toEqual([...pages].sort());
  });

  it('are tested on both sides of their limits', () => {
    const cases = ['minutes', 'days'].flatMap((name) =>
      parse(read('prometheus/tests', `${name}.test.yml`)).tests.flatMap(
        (test: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }) => test.alert_rule_test,
      ),
    );
    for (const { alert } of alerts) {
      const own = cases.filter(({ alertname }) => alertname === alert);
      expect(
        own.some(({ exp_alerts }) => exp_alerts.length > 0),
        `${alert} rings`,
      ).toBe(true);
      // A case in which one series rings and another does not shows both.
      expect(
        own.some(({ exp_alerts }) => exp_alerts.length === 0) || TWO_SERIES.includes(alert!),
        `${alert} is silent`,
      ).toBe(true);
    }
  });
});

const TWO_SERIES = ['DataStale', 'PackStale', 'DiskFillsUp'];

describe('queries', () => {
  const queries = [
    ...alerts.map(({ expr }) => expr),
    ...records.map(({ expr }) => expr),
    ...DASHBOARDS.flatMap(({ rows }) =>
      rows.flatMap(({ panels }) => panels.flatMap((panel) => panel.queries.map(({ expr }) => expr))),
    ),
    ...GRAFANA_ALERTS.map(({ expr }) => expr),
  ];

  it('ask only for metrics that the service has, and for ratios that are recorded', () => {
    const metrics = monitorOf()
      .registry.getMetricsAsArray()
      .map(({ name }) => name);
    const known = new Set([
      ...metrics.flatMap((name) => [name, `${name}_bucket`, `${name}_sum`, `${name}_count`]),
      ...records.map(({ record }) => record),
    ]);
    const asked = queries.flatMap(
      (expr) => expr.match(/\b(perennial[_:][\w:]+|nodejs_\w+|process_\w+)/g) ?? [],
    );
    expect(asked.length).toBeGreaterThan(30);
    expect([...new Set(asked)].filter((name) => !known.has(name))).toEqual([]);
  });
});

it('what Grafana is given is what panels.ts makes', () => {
  for (const [path, text] of grafanaFiles()) {
    expect(read('grafana', path), `${path}: run npm run monitoring`).toBe(text);
  }
});
