import { markdownTable } from 'markdown-table';
import type { Released } from '../../contracts/released.ts';
import { escapeMarkdown } from '../../metrics/escape-markdown.ts';
import { runPage } from '../etl/outputs.ts';
import type { LastRelease } from './last-release.ts';
import { changeWords, type ReleaseChange } from './release-change.ts';

/** Title and text of a release, for those who run it. */
export function releaseText(about: {
  tag: string;
  marker: string;
  released: Released;
  change: ReleaseChange;
  last: LastRelease | null;
  /** Outcome of the step that attests. */
  provenance: string;
  /** `owner/name`. */
  repository: string;
}): { title: string; body: string } {
  const { tag, marker, released, last } = about;
  const page = runPage();
  const body = [
    marker,
    changes(about),
    models(released),
    ...(released.image ? [image(released.image, about)] : ['No image was made of it.']),
    'A running service follows `released.json` of the latest release, or the registry’s `champion`.',
    ...(last ? [`Before: [${last.tag}](${last.page}).`] : []),
    ...(page ? [`Made by [this run](${page}).`] : []),
  ];
  return { title: tag, body: `${body.join('\n\n')}\n` };
}

function changes({ change }: { change: ReleaseChange }): string {
  const rows = changeWords(change).map(({ what, seen }) => [what, escapeMarkdown(seen)]);
  return rows.length === 0 ? '' : markdownTable([['Change', 'What'], ...rows]);
}

function models({ models }: Released): string {
  const rows = Object.entries(models).map(([model, { version, pack }]) => [
    `\`${model}\``,
    version.version,
    escapeMarkdown(version.candidate),
    version.train_end.slice(0, 10),
    `\`${version.digest.slice(0, 12)}\``,
    pack ? 'yes' : 'no',
  ]);
  return markdownTable([['Model', 'Version', 'Kind', 'Learnt until', 'Digest', 'Observations'], ...rows]);
}

function image(
  reference: string,
  { provenance, repository }: { provenance: string; repository: string },
): string {
  const attested =
    provenance === 'success'
      ? `Where it comes from is attested: \`gh attestation verify oci://${reference} --repo ${repository}\`.`
      : 'Its provenance is not attested: this plan does not do it, or it failed.';
  return ['```', `docker run --read-only --tmpfs /tmp -p 8080:8080 ${reference}`, '```', attested].join('\n');
}
