import type { ImageRegistry } from '../../clients/image-registry.ts';
import { PerennialError } from '../../contracts/errors.ts';
import type { Part } from './part.ts';

/** Versions of a model that go and that stay. */
export interface ModelVersions {
  model: string;
  going: string[];
}

/** Images of versions that go: tags `<model>-v0007`. All other tags, those of releases among them, are not ours to judge;
 *  an image that has one of these too stays. */
export async function findImages(registry: ImageRegistry, models: ModelVersions[]): Promise<Part> {
  const going = new Map(
    models.flatMap(({ model, going }) =>
      going.map((version) => [`${model}-${version}` as string, { model, version }] as const),
    ),
  );
  const tags = await registry.tags();
  const digests = new Map<string, string | null>();
  for (const tag of tags) digests.set(tag, await registry.digest(tag));
  const needed = new Map(tags.filter((tag) => !going.has(tag)).map((tag) => [digests.get(tag), tag]));
  const items = tags.map((tag) => {
    const version = going.get(tag);
    const shared = version && needed.get(digests.get(tag));
    const goes = version !== undefined && shared === undefined;
    const why = !version
      ? 'a release, a kept version, or no version of ours'
      : shared
        ? `the same image as ${shared}`
        : `of ${version.version} of ${version.model}, which goes`;
    return {
      kind: 'image' as const,
      model: version?.model ?? null,
      name: tag,
      count: 1,
      bytes: null,
      goes,
      why,
    };
  });
  return {
    items,
    notes: [],
    async remove() {
      const gone = new Set(items.filter(({ goes }) => goes).map(({ name }) => digests.get(name)));
      for (const digest of gone) {
        if (digest && !(await registry.remove(digest))) {
          throw new PerennialError('this image registry does not let images be deleted over OCI’s API', {
            hint: 'delete them on its page (GitHub: Packages), or unset IMAGE_REGISTRY',
          });
        }
      }
    },
  };
}
