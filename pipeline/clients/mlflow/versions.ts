import { z } from 'zod';
import { ModelVersion } from './answers.ts';
import { type Ask, create, get, write } from './asked.ts';
import { checkedKey, checkedName, cut, LIMITS } from './limits.ts';
import type { Mlflow } from './mlflow.ts';
import { MlflowError } from './mlflow-error.ts';
import { absent, listed } from './outcomes.ts';
import { everyPage } from './search.ts';

type Versions = Pick<
  Mlflow,
  | 'createModelVersion'
  | 'modelVersion'
  | 'searchModelVersions'
  | 'updateModelVersion'
  | 'setModelVersionTag'
  | 'deleteModelVersion'
>;

export function versions(ask: Ask): Versions {
  return {
    async createModelVersion({ name, source, runId, description = '', tags = {} }) {
      if (source.length > LIMITS.source) {
        throw new MlflowError('invalid', `MLflow: a version's source has ${source.length} characters`, {
          hint: `at most ${LIMITS.source} are allowed`,
        });
      }
      const wanted = {
        name: checked(name),
        source,
        run_id: runId,
        description: cut(description, LIMITS.description),
        tags: listed(tags),
      };
      const asked = create('model-versions/create', wanted, { about: `a new version of ${naming(name)}` });
      return (await ask(asked, OneVersion)).model_version;
    },

    async modelVersion(name, version) {
      const query = { name: checked(name), version };
      const asked = get('model-versions/get', query, { about: `version ${version} of ${naming(name)}` });
      return (await absent(ask(asked, OneVersion)))?.model_version ?? null;
    },

    searchModelVersions(filter) {
      const about = `versions with ${cut(filter, 120)}`;
      const query = { filter, max_results: LIMITS.page };
      return everyPage(
        async (page_token) => {
          const found = await ask(get('model-versions/search', { ...query, page_token }, { about }), Found);
          return { items: found.model_versions, next: found.next_page_token };
        },
        { about },
      );
    },

    async updateModelVersion(name, version, { description }) {
      const change = { ...of(name, version), description: cut(description, LIMITS.description) };
      const asked = { about: `version ${version} of ${naming(name)}`, method: 'PATCH' as const };
      await ask(write('model-versions/update', change, asked), Nothing);
    },

    async setModelVersionTag(name, version, key, value) {
      const tag = { ...of(name, version), key: checkedKey(key, 'tag'), value: cut(value, LIMITS.tag) };
      const about = `version ${version} of ${naming(name)}`;
      await ask(write('model-versions/set-tag', tag, { about }), Nothing);
    },

    async deleteModelVersion(name, version) {
      const asked = { about: `version ${version} of ${naming(name)}`, method: 'DELETE' as const };
      await absent(ask(write('model-versions/delete', of(name, version), asked), Nothing));
    },
  };
}

const Nothing = z.looseObject({});
const OneVersion = z.object({ model_version: ModelVersion });
const Found = z.object({
  model_versions: z.array(ModelVersion).default([]),
  next_page_token: z.string().optional(),
});
const checked = (name: string) => checkedName(name, 'a registered model');
const of = (name: string, version: number) => ({ name: checked(name), version: String(version) });
const naming = (name: string) => `the registered model ${cut(JSON.stringify(name), 80)}`;
