import { z } from 'zod';
import { ModelVersion, RegisteredModel } from './answers.ts';
import { type Ask, create, get, write } from './asked.ts';
import { checkedAlias, checkedKey, checkedName, cut, LIMITS } from './limits.ts';
import type { Mlflow } from './mlflow.ts';
import { absent, hasFailed, listed } from './outcomes.ts';

type Models = Pick<
  Mlflow,
  | 'registeredModel'
  | 'createRegisteredModel'
  | 'updateRegisteredModel'
  | 'setRegisteredModelTag'
  | 'deleteRegisteredModel'
  | 'versionByAlias'
  | 'setAlias'
  | 'deleteAlias'
>;

export function models(ask: Ask): Models {
  async function registeredModel(name: string): Promise<RegisteredModel | null> {
    const asked = get('registered-models/get', { name: checked(name) }, { about: naming(name) });
    return (await absent(ask(asked, OneModel)))?.registered_model ?? null;
  }

  return {
    registeredModel,

    async createRegisteredModel({ name, description = '', tags = {} }) {
      const wanted = {
        name: checked(name),
        description: cut(description, LIMITS.description),
        tags: listed(tags),
      };
      const asked = create('registered-models/create', wanted, { about: naming(name) });
      try {
        return (await ask(asked, OneModel)).registered_model;
      } catch (error) {
        if (!hasFailed(error, 'unknown-outcome')) throw error;
        const made = await registeredModel(name);
        return made ?? (await ask(asked, OneModel)).registered_model;
      }
    },

    async updateRegisteredModel(name, { description }) {
      const change = { name: checked(name), description: cut(description, LIMITS.description) };
      await ask(write('registered-models/update', change, { about: naming(name), method: 'PATCH' }), Nothing);
    },

    async setRegisteredModelTag(name, key, value) {
      const tag = { name: checked(name), key: checkedKey(key, 'tag'), value: cut(value, LIMITS.tag) };
      await ask(write('registered-models/set-tag', tag, { about: naming(name) }), Nothing);
    },

    async deleteRegisteredModel(name) {
      const asked = { about: naming(name), method: 'DELETE' as const };
      await absent(ask(write('registered-models/delete', { name: checked(name) }, asked), Nothing));
    },

    async versionByAlias(name, alias) {
      const query = { name: checked(name), alias: checkedAlias(alias) };
      const about = `the alias ${alias} of ${naming(name)}`;
      try {
        const found = await absent(
          ask(get('registered-models/alias', query, { about }), z.object({ model_version: ModelVersion })),
        );
        return found?.model_version ?? null;
      } catch (error) {
        // A missing alias is no 404 but "invalid".
        if (hasFailed(error, 'invalid') && /alias .*not found/i.test(error.message)) return null;
        throw error;
      }
    },

    async setAlias(name, alias, version) {
      const wanted = { name: checked(name), alias: checkedAlias(alias), version: String(version) };
      const about = `the alias ${alias} of ${naming(name)}`;
      await ask(write('registered-models/alias', wanted, { about }), Nothing);
    },

    async deleteAlias(name, alias) {
      const asked = { about: `the alias ${alias} of ${naming(name)}`, method: 'DELETE' as const };
      const wanted = { name: checked(name), alias: checkedAlias(alias) };
      await absent(ask(write('registered-models/alias', wanted, asked), Nothing));
    },
  };
}

const Nothing = z.looseObject({});
const OneModel = z.object({ registered_model: RegisteredModel });
const checked = (name: string) => checkedName(name, 'a registered model');
const naming = (name: string) => `the registered model ${cut(JSON.stringify(name), 80)}`;
