import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FeatureCollection } from 'geojson';
import { readTargetPanel } from '../../pipeline/clients/dataset-file.ts';
import { readForecasts } from '../../pipeline/clients/forecast-file.ts';
import { FeatureSchema } from '../../pipeline/contracts/features.ts';
import { GateReport } from '../../pipeline/contracts/gate.ts';
import { MetricsFile } from '../../pipeline/contracts/metrics.ts';
import { timeAt } from '../../pipeline/contracts/panel.ts';
import { PromotionParams } from '../../pipeline/contracts/params.ts';
import { Plan, windowsOf } from '../../pipeline/contracts/plan.ts';
import type { PullReport } from '../../pipeline/contracts/pull-report.ts';
import { readJson } from '../../pipeline/files.ts';
import { SEASON_STEPS } from '../../pipeline/metrics/season-steps.ts';
import { VERDICTS } from '../../pipeline/metrics/wording.ts';
import { decide } from '../../pipeline/stages/compare/decide.ts';
import { commonRows } from '../../pipeline/stages/evaluate/common-rows.ts';
import { lossTable, scoreModel, yardstick } from '../../pipeline/stages/evaluate/score-models.ts';
import { paths, workspaceAt } from '../../pipeline/workspace.ts';

const MODEL = 'infections';
const PAGE = 'https://github.com/acme/cases';

/** The report of a pull request with the example's own numbers: what the blend would say against the trees alone, had
 *  those been the champion. Reads what a run of the example left.
 *  @param root `.perennial/`, or a clone after `perennial demo` */
export async function exampleReport(root: string): Promise<PullReport> {
  const at = paths(workspaceAt(root), MODEL);
  const plan = await needed(at.plan, readJson(at.plan, Plan));
  const made = await needed(at.metrics, readJson(at.metrics, MetricsFile));
  const gate = await needed(at.gate, readJson(at.gate, GateReport));
  const schemaPath = join(at.features, 'schema.json');
  const schema = await needed(schemaPath, readJson(schemaPath, FeatureSchema));
  const forecastsPath = join(at.train, 'forecasts.parquet');
  const { tables } = await needed(forecastsPath, readForecasts(forecastsPath));
  const { panel } = await readTargetPanel(at.features);

  const names = ['challenger', 'trees', ...made.models.filter(isBaseline).map(({ name }) => name)];
  const sides = commonRows(
    names.map((name) => tables.find(({ model }) => model === name)!),
    0,
  );
  const yard = yardstick(panel, {
    season: SEASON_STEPS[panel.step],
    until: windowsOf(plan, panel).decide[0],
  });
  const named = sides.map((table, side) => ({
    table,
    role: (['challenger', 'champion'] as const)[side] ?? ('baseline' as const),
    name: side === 0 ? made.models[0].name : table.model,
  }));
  const policy = PromotionParams.parse({});
  const start = (cutoff: number) => timeAt(panel, cutoff);
  const losses = named.map(({ table, role, name }) =>
    lossTable(table, yard, { role, name, metric: policy.metric, start }),
  );
  const [challenger, champion, ...baselines] = named.map(({ table, role, name }) =>
    scoreModel(table, yard, { role, name, detail: true }),
  );
  const [digest, other] = ['6cf5837e1124'.padEnd(64, '0'), '1d0a72cc90b7'.padEnd(64, '0')];
  const decision = decide({
    model: MODEL,
    challenger: { name: challenger.name, digest, isBaseline: false, errors: challenger.overall },
    champion: { name: champion.name, version: 'v0001', digest: other, errors: champion.overall },
    baselines: baselines.map(({ name, overall }) => ({ name, errors: overall })),
    losses,
    policy,
    look: 2,
    blockMs: (7 + SEASON_STEPS[schema.step]) * schema.step_ms,
  });
  const promotion = { ...decision, decided_at: made.made_at };
  const run = { id: 11_870_265_312, attempt: 1, page: `${PAGE}/actions/runs/11870265312` };
  return {
    run,
    headSha: '4be1f0c2d7a95e38b6c1f2a90d84e7735c6b1a20',
    commitPage: `${PAGE}/commit/4be1f0c2d7a95e38b6c1f2a90d84e7735c6b1a20`,
    baseRef: 'test',
    madeAt: made.made_at,
    status: { state: decision.merge ? 'success' : 'failure', description: decision.reason },
    notes: [],
    commands: [],
    models: [
      {
        judgement: {
          model: MODEL,
          status: decision.merge ? 'success' : 'failure',
          headline: VERDICTS[decision.outcome].split(':')[0],
          reason: decision.reason,
          promotion,
          metrics: { ...made, models: [challenger, champion, ...baselines] },
          gate,
          notes: [],
          override: null,
        },
        losses,
        places: JSON.parse(await readFile(at.places, 'utf8')) as FeatureCollection,
        names: new Map(schema.tracts.map(({ id, name }) => [id, name])),
        data: {
          from: '5d0e1a7c44b1',
          to: made.data_version,
          rows: { from: gate.rows - 67, to: gate.rows },
          lastTime: { from: '2026-06-29T00:00:00.000Z', to: gate.last_time },
          schema: [],
          warnings: gate.expectations
            .filter(({ passed }) => !passed)
            .map(({ expectation, examples }) => `${expectation}: ${examples[0] ?? ''}`),
        },
        params: [{ setting: 'train.seed', from: '1', to: '7' }],
        lineage: {
          commit: '4be1f0c2d7a95e38b6c1f2a90d84e7735c6b1a20',
          dataVersion: made.data_version,
          bundle: digest,
          mlflowRun: { id: '0f3c9d52aa714c', page: 'https://dagshub.com/acme/cases.mlflow/#/experiments/1' },
          artifact: {
            name: `perennial-review-${MODEL}`,
            page: `${run.page}/artifacts/2`,
            expiresAt: '2026-09-28T22:00:00Z',
          },
        },
      },
    ],
  };
}

function isBaseline({ role }: { role: string }): boolean {
  return role === 'baseline';
}

async function needed<T>(path: string, value: Promise<T | null>): Promise<T> {
  const found = await value;
  if (found !== null) return found;
  throw new Error(`${path} is missing: run the example first (npm start)`);
}
