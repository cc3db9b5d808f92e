import { markdownTable } from 'markdown-table';
import type { RegisteredVersion } from '../../contracts/registry.ts';
import { escapeMarkdown } from '../../metrics/escape-markdown.ts';
import type { Outside } from '../outside.ts';

/** The card that the training wrote, out of its run at MLflow; where there is none, what the registry knows.
 *  @returns Markdown */
export async function cardOf(
  outside: Pick<Outside, 'mlflow'>,
  version: Pick<
    RegisteredVersion,
    | 'model'
    | 'version'
    | 'digest'
    | 'run'
    | 'metrics'
    | 'train_end'
    | 'candidate'
    | 'data_version'
    | 'commit'
    | 'is_baseline'
  >,
): Promise<string> {
  const { mlflow } = outside;
  // A release does not fail for a page of text.
  const run = version.run && mlflow ? await mlflow.run(version.run).catch(() => null) : null;
  const bytes = run && mlflow ? await mlflow.artifact(run, 'model-card.md').catch(() => null) : null;
  return bytes ? Buffer.from(bytes).toString('utf8') : plainCard(version);
}

function plainCard(version: Parameters<typeof cardOf>[1]): string {
  const { model, digest, train_end, candidate, data_version, commit, is_baseline, metrics } = version;
  const facts = [
    ['Version', version.version],
    ['Digest', digest],
    ['Kind', is_baseline ? `${candidate} (a baseline)` : candidate],
    ['Learnt until', train_end.slice(0, 10)],
    ['Data', data_version],
    ['Commit of the training', commit],
    ...Object.entries(metrics).map(([name, value]) => [name, value === null ? '–' : value.toPrecision(4)]),
  ];
  return `# Model card: ${escapeMarkdown(model)}\n\n${markdownTable([['What', 'Seen'], ...facts.map((row) => row.map((cell) => escapeMarkdown(cell)))])}\n`;
}
