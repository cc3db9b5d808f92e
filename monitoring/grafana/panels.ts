/** What the dashboards show: a panel is a title, a unit and the queries whose answers it draws. */
export interface Panel {
  title: string;
  /** For people: what to see in it. */
  help: string;
  kind: 'lines' | 'number' | 'table' | 'heat';
  /** A unit of Grafana's. */
  unit: string;
  queries: { expr: string; legend?: string }[];
  /** A line at this value. */
  limit?: number;
  /** Columns of 24. */
  width?: number;
}

export interface Dashboard {
  uid: string;
  title: string;
  help: string;
  rows: { title: string; panels: Panel[] }[];
}

const ASKED = 'route!~"/health.*|/metrics"';

const SERVICE: Dashboard = {
  uid: 'perennial-service',
  title: 'Perennial: service',
  help: 'Is it answering, how fast, and what does it turn away?',
  rows: [
    {
      title: 'What users see',
      panels: [
        number('Requests a second', 'reqps', 'perennial:requests:rate5m'),
        number('Failed', 'percentunit', 'perennial:errors:ratio5m or vector(0)', 0.005),
        number('95 % are answered within', 's', 'perennial:latency:p95_5m', 0.5),
        number('Being answered', 'short', 'sum(perennial_http_requests_in_flight)'),
        lines(
          'Latency',
          's',
          'Half, nineteen of twenty, and 99 of a hundred requests are answered within these.',
          [
            { expr: 'perennial:latency:p50_5m', legend: 'half' },
            { expr: 'perennial:latency:p95_5m', legend: '95 %' },
            { expr: 'perennial:latency:p99_5m', legend: '99 %' },
          ],
          0.5,
        ),
        lines('Requests by answer', 'reqps', 'By the first figure of the status.', [
          {
            expr: `sum by (status) (label_replace(rate(perennial_http_requests_total{${ASKED}}[5m]), "status", "\${1}xx", "status", "(.).."))`,
            legend: '{{status}}',
          },
        ]),
        lines('Requests by route', 'reqps', 'What is asked.', [
          { expr: `sum by (route) (rate(perennial_http_requests_total{${ASKED}}[5m]))`, legend: '{{route}}' },
        ]),
        {
          ...lines(
            'How long answers take',
            's',
            'Requests by duration; a second band is a second kind of request.',
            [
              {
                expr: `sum by (le) (increase(perennial_http_request_duration_seconds_bucket{${ASKED}}[1m]))`,
                legend: '{{le}}',
              },
            ],
          ),
          kind: 'heat',
        },
      ],
    },
    {
      title: 'What is promised: 99.5 % in 30 days',
      panels: [
        lines(
          'Burn of the error budget',
          'short',
          '1 spends it in 30 days; alerts ring at 14.4 (an hour), 6 (six hours) and 1 (three days).',
          [
            { expr: 'perennial:errors:ratio1h / 0.005', legend: 'an hour' },
            { expr: 'perennial:errors:ratio6h / 0.005', legend: 'six hours' },
            { expr: 'perennial:errors:ratio3d / 0.005', legend: 'three days' },
          ],
          1,
        ),
        lines('Turned away', 'reqps', 'So that others are answered.', [
          {
            expr: 'sum by (reason) (rate(perennial_shed_requests_total[5m])) or vector(0)',
            legend: '{{reason}}',
          },
        ]),
        lines('Waiting', 'short', 'Rows and jobs in queues.', [
          { expr: 'sum by (queue) (perennial_queue_length) or vector(0)', legend: '{{queue}}' },
        ]),
      ],
    },
  ],
};

const MODEL: Dashboard = {
  uid: 'perennial-model',
  title: 'Perennial: models',
  help: 'What is served, how old it is, what it is asked, and what it answers.',
  rows: [
    {
      title: 'What is served',
      panels: [
        {
          title: 'Versions',
          help: 'Champion, and what is being tried beside it.',
          kind: 'table',
          unit: 'short',
          queries: [{ expr: 'perennial_model_info' }],
          width: 24,
        },
        number('Age of the newest observation', 's', 'max(perennial:data_age:seconds)', 3 * 86_400),
        number('Age of the observation pack', 's', 'max(perennial:pack_age:seconds)', 36 * 3600),
        number('Learnt until', 's', 'max(time() - perennial_model_trained_timestamp_seconds)'),
        number('What is followed answered', 's', 'max(perennial:source_age:seconds)', 3600),
        lines('Bundles and packs that came', 'short', 'Taken over, refused, rolled back.', [
          {
            expr: 'sum by (model, kind, result) (increase(perennial_swaps_total[1h]))',
            legend: '{{model}} {{kind}} {{result}}',
          },
        ]),
      ],
    },
    {
      title: 'What is asked and answered',
      panels: [
        lines(
          'Out of the range learnt from',
          'percentunit',
          'Share of the requests with a field outside of what the model has seen.',
          [
            { expr: 'perennial:out_of_range:ratio15m', legend: '{{model}}' },
            { expr: 'perennial:out_of_range:ratio1d', legend: '{{model}}, a day' },
          ],
          0.05,
        ),
        lines('Predictions', 'short', 'A second, by version.', [
          {
            expr: 'sum by (model, version) (rate(perennial_predictions_total[5m]))',
            legend: '{{model}} {{version}}',
          },
        ]),
        lines(
          'What is predicted',
          'short',
          'Median and 95th percentile of the first value, by version: versions that differ show here.',
          [
            {
              expr: 'histogram_quantile(0.5, sum by (le, model, version) (rate(perennial_prediction_value_bucket[15m])))',
              legend: '{{model}} {{version}}, half',
            },
            {
              expr: 'histogram_quantile(0.95, sum by (le, model, version) (rate(perennial_prediction_value_bucket[15m])))',
              legend: '{{model}} {{version}}, 95 %',
            },
          ],
        ),
        lines('Rows a call', 'short', 'Mean rows of one call of the model.', [
          {
            expr: 'sum by (model) (rate(perennial_batch_rows_sum[5m])) / sum by (model) (rate(perennial_batch_rows_count[5m]) > 0)',
            legend: '{{model}}',
          },
        ]),
      ],
    },
  ],
};

const MACHINE: Dashboard = {
  uid: 'perennial-machine',
  title: 'Perennial: machine',
  help: 'Processor, memory and disk; the process and its event loop.',
  rows: [
    {
      title: 'The machine',
      panels: [
        lines(
          'Processor',
          'percentunit',
          'Busy, all cores.',
          [
            {
              expr: '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))',
              legend: '{{instance}}',
            },
          ],
          0.9,
        ),
        lines(
          'Memory',
          'percentunit',
          'Used.',
          [
            {
              expr: '1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes',
              legend: '{{instance}}',
            },
          ],
          0.9,
        ),
        lines(
          'Disk',
          'percentunit',
          'Used, by mount.',
          [
            {
              expr: '1 - node_filesystem_avail_bytes{fstype!~"tmpfs|squashfs"} / node_filesystem_size_bytes',
              legend: '{{instance}} {{mountpoint}}',
            },
          ],
          0.85,
        ),
        lines('Network', 'Bps', 'In and out.', [
          {
            expr: 'sum by (instance) (rate(node_network_receive_bytes_total{device!="lo"}[5m]))',
            legend: '{{instance}} in',
          },
          {
            expr: '- sum by (instance) (rate(node_network_transmit_bytes_total{device!="lo"}[5m]))',
            legend: '{{instance}} out',
          },
        ]),
      ],
    },
    {
      title: 'The process',
      panels: [
        lines('Memory of the process', 'bytes', 'Resident, and the heap in use.', [
          { expr: 'process_resident_memory_bytes{job="perennial"}', legend: '{{instance}} resident' },
          { expr: 'nodejs_heap_size_used_bytes{job="perennial"}', legend: '{{instance}} heap' },
        ]),
        lines('Processor of the process', 'percentunit', 'Of one core.', [
          { expr: 'rate(process_cpu_seconds_total{job="perennial"}[5m])', legend: '{{instance}}' },
        ]),
        lines(
          'Event loop',
          's',
          'How late its turns are; nothing is answered meanwhile.',
          [
            { expr: 'nodejs_eventloop_lag_p50_seconds{job="perennial"}', legend: '{{instance}} half' },
            { expr: 'nodejs_eventloop_lag_p99_seconds{job="perennial"}', legend: '{{instance}} 99 %' },
          ],
          0.2,
        ),
        lines('Garbage collection', 'percentunit', 'Share of the time.', [
          {
            expr: 'sum by (instance) (rate(nodejs_gc_duration_seconds_sum{job="perennial"}[5m]))',
            legend: '{{instance}}',
          },
        ]),
      ],
    },
  ],
};

export const DASHBOARDS: Dashboard[] = [SERVICE, MODEL, MACHINE];

/** The two that a person who watches Grafana is told by Grafana itself; all others are Prometheus's own. */
export const GRAFANA_ALERTS = [
  {
    uid: 'perennial-latency',
    title: 'Latency above 500 ms',
    expr: 'perennial:latency:p95_5m and perennial:requests:rate5m > 0.02',
    above: 0.5,
    for: '5m',
    summary: 'One request in twenty takes longer than 500 ms.',
    runbook: 'docs/runbooks/latency-high.md',
  },
  {
    uid: 'perennial-out-of-range',
    title: 'Requests out of the range learnt from',
    expr: 'perennial:out_of_range:ratio15m and perennial:model_requests:increase15m >= 50',
    above: 0.05,
    for: '5m',
    summary: 'More than one request in twenty lies outside of what the model has learnt from.',
    runbook: 'docs/runbooks/out-of-range-spike.md',
  },
];

function number(title: string, unit: string, expr: string, limit?: number): Panel {
  return { title, help: '', kind: 'number', unit, queries: [{ expr }], limit, width: 6 };
}

function lines(title: string, unit: string, help: string, queries: Panel['queries'], limit?: number): Panel {
  return { title, help, kind: 'lines', unit, queries, limit, width: 12 };
}
