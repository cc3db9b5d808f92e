import type { FeatureSchema } from '../../contracts/features.ts';
import type { RunRecord } from '../../contracts/run-record.ts';
import type { RunFacts } from './facts.ts';

type Dataset = RunRecord['datasets'][number];

/** Servers of 2.22 take 65,535 characters of a schema, later ones more. */
const LONGEST_SCHEMA = 60_000;
const TYPES = { text: 'string', time: 'datetime', number: 'double', boolean: 'boolean' } as const;

/** The data set as an input of the run, in the forms that MLflow's pages read.
 *  @param remote address of the data in the DVC remote, where the data have no address of their own */
export function datasetOf(
  { model, schema, urls, dataVersion }: Pick<RunFacts, 'model' | 'schema' | 'urls' | 'dataVersion'>,
  remote: string | null,
): Dataset {
  const { start, step_ms, length, rows, tracts, columns } = schema;
  const page = urls.find((url) => /^https?:/.test(url));
  const address = page ?? remote ?? urls[0] ?? 'unknown';
  return {
    name: model,
    digest: dataVersion.slice(0, 36),
    source_type: page ? 'http' : (/^(\w+):\/\//.exec(address)?.[1] ?? 'local'),
    source: JSON.stringify(page ? { url: page } : { uri: address }),
    schema: schemaJson(columns),
    profile: JSON.stringify({
      num_rows: rows,
      num_elements: rows * columns.length,
      tracts: tracts.length,
      from: start,
      to: new Date(Date.parse(start) + (length - 1) * step_ms).toISOString(),
      filled: schema.filled,
    }),
    context: 'training',
  };
}

/** Columns that do not fit are left out, and a last one says how many. */
function schemaJson(columns: FeatureSchema['columns']): string {
  const specs = columns.map(({ name, type }) => ({ type: TYPES[type], name, required: true }));
  const json = (kept: { type: string; name: string; required: boolean }[]) =>
    JSON.stringify({ mlflow_colspec: kept });
  if (json(specs).length <= LONGEST_SCHEMA) return json(specs);
  let size = 200;
  const kept = specs.filter((spec) => {
    size += JSON.stringify(spec).length + 1;
    return size <= LONGEST_SCHEMA;
  });
  const left = specs.length - kept.length;
  return json([...kept, { type: 'string', name: `… and ${left} more columns`, required: false }]);
}
