import {
  QueryBuilder,
  type Rule,
  RuleBuilder,
  RuleGroupBuilder,
} from '@grafana/grafana-foundation-sdk/alerting';
import {
  type PanelBuilder as AnyPanel,
  DashboardBuilder,
  DatasourceVariableBuilder,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { TypeThresholdBuilder } from '@grafana/grafana-foundation-sdk/expr';
import { PanelBuilder as Heatmap } from '@grafana/grafana-foundation-sdk/heatmap';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as Timeseries } from '@grafana/grafana-foundation-sdk/timeseries';
import { stringify } from 'yaml';
import { DASHBOARDS, type Dashboard, GRAFANA_ALERTS, type Panel } from './panels.ts';

/** Of provisioning/datasources/prometheus.yml. */
const SOURCE = { type: 'prometheus', uid: 'prometheus' };
const HEIGHT = { number: 4, lines: 8, table: 6, heat: 8 };

/** Path below `monitoring/grafana/` → text: all that Grafana is given that is made from `panels.ts`. */
export function grafanaFiles(): Map<string, string> {
  return new Map([
    ...DASHBOARDS.map((dashboard): [string, string] => [
      `dashboards/${dashboard.uid}.json`,
      `${JSON.stringify(dashboardOf(dashboard), null, 2)}\n`,
    ]),
    ['provisioning/alerting/rules.yml', alertRules()],
  ]);
}

function dashboardOf({ uid, title, help, rows }: Dashboard) {
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(help)
    .tags(['perennial'])
    .refresh('30s')
    .time({ from: 'now-6h', to: 'now' })
    .timezone('browser')
    .withVariable(new DatasourceVariableBuilder('source').label('Prometheus').type('prometheus'));
  for (const row of rows) {
    builder.withRow(new RowBuilder(row.title));
    for (const panel of row.panels) builder.withPanel(panelOf(panel));
  }
  return builder.build();
}

function panelOf(panel: Panel) {
  const builder = builderOf(panel)
    .title(panel.title)
    .description(panel.help)
    .datasource({ type: 'prometheus', uid: '$source' })
    .unit(panel.unit)
    .span(panel.width ?? 12)
    .height(HEIGHT[panel.kind]);
  for (const [index, { expr, legend }] of panel.queries.entries()) {
    const query = new DataqueryBuilder().refId(String.fromCharCode(65 + index)).expr(expr);
    if (legend) query.legendFormat(legend);
    if (panel.kind === 'table') query.instant().format('table' as never);
    if (panel.kind === 'heat') query.format('heatmap' as never);
    builder.withTarget(query);
  }
  if (panel.limit !== undefined) {
    builder.thresholds(
      new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
        { value: null, color: 'green' },
        { value: panel.limit, color: 'red' },
      ]),
    );
  }
  return builder;
}

function builderOf({ kind }: Panel): AnyPanel {
  const builders = { number: Stat, lines: Timeseries, table: Table, heat: Heatmap };
  return new builders[kind]() as unknown as AnyPanel;
}

/** As Grafana's file provisioning wants them; the SDK writes what its HTTP interface wants, so the group's frame is ours. */
function alertRules(): string {
  const group = new RuleGroupBuilder('perennial').interval(60 as never).folderUid('perennial');
  for (const alert of GRAFANA_ALERTS) {
    group.withRule(
      new RuleBuilder(alert.title)
        .uid(alert.uid)
        .condition('limit')
        .forDuration(alert.for)
        .noDataState('OK')
        .execErrState('Error')
        .annotations({ summary: alert.summary, runbook: alert.runbook })
        .labels({ severity: 'ticket' })
        .withQuery(
          new QueryBuilder('value')
            .datasourceUid(SOURCE.uid)
            .relativeTimeRange({ from: 600, to: 0 } as never)
            .model(new DataqueryBuilder().refId('value').expr(alert.expr).instant()),
        )
        .withQuery(
          new QueryBuilder('limit').datasourceUid('__expr__').model(
            new TypeThresholdBuilder()
              .refId('limit')
              .expression('value')
              .conditions([{ evaluator: { type: 'gt' as never, params: [alert.above] } }] as never),
          ),
        ),
    );
  }
  const { rules, title } = group.build();
  const groups = [
    { orgId: 1, name: title, folder: 'Perennial', interval: '1m', rules: rules?.map(provisioned) },
  ];
  return `# Made by \`npm run monitoring\` from panels.ts.\n${stringify(plain({ apiVersion: 1, groups }))}`;
}

/** The SDK leaves methods in what it builds. */
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

function provisioned(rule: Rule) {
  const { uid, title, condition, data, noDataState, execErrState, annotations, labels } = rule;
  return { uid, title, condition, data, noDataState, execErrState, for: rule.for, annotations, labels };
}
