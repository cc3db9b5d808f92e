import { z } from 'zod';
import type { Ask } from './ask.ts';
import type { Github, Release } from './github.ts';
import { GithubError, hasFailed } from './github-error.ts';

const REPOSITORY = '/repos/{owner}/{repo}';

const AssetAnswer = z
  .object({ id: z.number(), name: z.string(), size: z.number(), state: z.string() })
  .transform(({ id, name, size, state }) => ({ id, name, bytes: size, whole: state === 'uploaded' }));

const ReleaseAnswer = z
  .object({
    id: z.number(),
    tag_name: z.string(),
    target_commitish: z.string(),
    name: z.string().nullish(),
    body: z.string().nullish(),
    draft: z.boolean(),
    html_url: z.string(),
    upload_url: z.string(),
    assets: z.array(AssetAnswer),
  })
  .transform(
    (answer): Release => ({
      id: answer.id,
      tag: answer.tag_name,
      commit: answer.target_commitish,
      title: answer.name ?? '',
      body: answer.body ?? '',
      draft: answer.draft,
      page: answer.html_url,
      uploadUrl: answer.upload_url,
      assets: answer.assets,
    }),
  );

type Releases = Pick<
  Github,
  | 'createTag'
  | 'latestRelease'
  | 'releases'
  | 'createRelease'
  | 'updateRelease'
  | 'uploadAsset'
  | 'deleteAsset'
  | 'downloadAsset'
>;

export function releases(ask: Ask): Releases {
  const one = `${REPOSITORY}/releases/{release_id}`;
  const asset = `${REPOSITORY}/releases/assets/{asset_id}`;
  return {
    async createTag(name, sha) {
      const asked = {
        route: `POST ${REPOSITORY}/git/refs`,
        params: { ref: `refs/tags/${name}`, sha },
        about: `the tag ${name}`,
        // Made again it is refused as taken, and its commit tells whose it is.
        repeatable: true,
      };
      try {
        await ask(asked, z.unknown());
        return true;
      } catch (error) {
        if (error instanceof GithubError && error.status === 422 && /already exists/i.test(error.message))
          return false;
        throw error;
      }
    },

    latestRelease: () =>
      ask.orNull({ route: `GET ${REPOSITORY}/releases/latest`, about: 'the latest release' }, ReleaseAnswer),

    async releases() {
      const asked = { route: `GET ${REPOSITORY}/releases`, params: { per_page: 100 }, about: 'releases' };
      return ask(asked, z.array(ReleaseAnswer));
    },

    createRelease: ({ tag, commit, title, body }) =>
      ask(
        {
          route: `POST ${REPOSITORY}/releases`,
          params: { tag_name: tag, target_commitish: commit, name: title, body, draft: true },
          about: `a draft of the release ${tag}`,
        },
        ReleaseAnswer,
      ),

    updateRelease: (release_id, change) =>
      ask(
        {
          route: `PATCH ${one}`,
          params: {
            release_id,
            ...(change.title !== undefined && { name: change.title }),
            ...(change.body !== undefined && { body: change.body }),
            ...(change.publish && { draft: false, make_latest: 'true' }),
          },
          about: `changing the release ${release_id}`,
        },
        ReleaseAnswer,
      ),

    async uploadAsset(release, { name, bytes, type }) {
      const asked = {
        // The host names another address for it, with a template at its end: `{?name,label}`.
        route: `POST ${release.uploadUrl}`,
        params: { name, data: bytes },
        contentType: type,
        about: `${name} of the release ${release.tag}`,
      };
      try {
        await ask(asked, AssetAnswer);
      } catch (error) {
        if (!hasFailed(error, 'unknown-outcome')) throw error;
        const now = await ask.orNull(
          { route: `GET ${one}`, params: { release_id: release.id }, about: `the release ${release.tag}` },
          ReleaseAnswer,
        );
        const there = now?.assets.find((one) => one.name === name);
        if (!there?.whole || there.bytes !== bytes.length) throw error;
      }
    },

    async deleteAsset(asset_id) {
      await ask.orNull(
        { route: `DELETE ${asset}`, params: { asset_id }, about: `deleting file ${asset_id} of a release` },
        z.unknown(),
      );
    },

    async downloadAsset(asset_id, { maxBytes }) {
      const about = `file ${asset_id} of a release`;
      const { status, headers, data } = await ask.answer({
        route: `GET ${asset}`,
        params: { asset_id },
        accept: 'application/octet-stream',
        about,
      });
      const to = String(headers.location ?? '');
      if (status === 302 && /^https?:\/\//.test(to)) return ask.file(to, { maxBytes, about });
      if (data instanceof ArrayBuffer) return new Uint8Array(data);
      throw new GithubError('invalid', `${about}: answered ${status}, expected the file or its address`, {
        hint: 'check GITHUB_API_URL; a proxy or another kind of host may answer there',
      });
    },
  };
}
