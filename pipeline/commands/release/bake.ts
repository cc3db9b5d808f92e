import { rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { codeCommit } from '../../clients/versions.ts';
import { UsageError } from '../../contracts/errors.ts';
import { Released } from '../../contracts/released.ts';
import { writeJson } from '../../files.ts';
import { modelParams, readParams } from '../../params.ts';
import { REPOSITORY, type Workspace } from '../../workspace.ts';
import { type Environment, stageContext } from '../environment.ts';
import { openOutside } from '../outside.ts';
import { workspaceOf } from '../written.ts';
import { chooseVersion } from './choose-version.ts';
import { newestPack } from './newest-pack.ts';
import { refuseOthers, writeArchives } from './released-folder.ts';
import { DOCUMENT } from './room.ts';

export interface BakeOptions {
  /** Default: every active model. */
  model?: string[];
  /** `production`: what production.json names; `champion`: the registry's alias. Default: champion on a laptop, else production. */
  from?: 'production' | 'champion';
  /** A version in place of either; for one model alone. */
  pick?: string;
  commit?: string;
  tag?: string;
  image?: string;
  /** Where reports and packs are; default: where runs write. A workflow has no `local`. */
  workspace?: Workspace;
}

/** `perennial bake`: `released.json` with the archives that it names, for an image or any web server. Each bundle has answered its
 *  warm-up requests before it is written; the folder is whole or not there.
 *  @throws CorruptError where a version or a pack is not what it should be; UsageError where there is nothing to bake */
export async function bakeCommand(
  environment: Environment,
  folder: string,
  options: BakeOptions,
): Promise<Released> {
  const params = await readParams(REPOSITORY);
  const { mode } = params.promotion;
  const active = Object.keys(params.models).filter((name) => params.models[name].active);
  const models = options.model?.length ? options.model : active;
  if (options.pick && models.length !== 1) {
    throw new UsageError('--pick names a version of one model', { hint: 'say which one with --model' });
  }
  const target = resolve(folder);
  await refuseOthers(target);
  const workspace = options.workspace ?? workspaceOf(mode);
  const outside = await openOutside(environment);
  const prepared = `${target}.new`;
  await rm(prepared, { recursive: true, force: true });
  const released: Released = {
    format: 1,
    released_at: environment.now().toISOString(),
    commit: options.commit ?? (await codeCommit()),
    tag: options.tag ?? null,
    image: options.image ?? null,
    models: {},
  };
  try {
    for (const model of models) {
      const context = stageContext(environment, workspace, model, modelParams(params, model));
      const from = options.from ?? (mode === 'local' ? 'champion' : 'production');
      const chosen = await chooseVersion(context, outside, options.pick ? { pick: options.pick } : { from });
      const pack = await newestPack(environment, outside, context);
      released.models[model] = await writeArchives(prepared, { ...chosen, pack });
      const { version, candidate } = chosen.version;
      environment.console.say(`${model}: ${version} (${candidate})${pack ? '' : ', without observations'}`);
    }
    await writeJson(join(prepared, DOCUMENT), Released, released);
    await rm(target, { recursive: true, force: true });
    await rename(prepared, target);
  } finally {
    await rm(prepared, { recursive: true, force: true });
    await outside.close();
  }
  return released;
}
