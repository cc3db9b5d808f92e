import { UsageError } from '../../contracts/errors.ts';
import type { Homes, RemoteHome } from '../../contracts/homes.ts';
import type { Params } from '../../contracts/params.ts';

/** How what was made of a model gets into master. A workflow has no `local`: there it means `pull-request`. */
export function promotionMode(params: Params, model: string): 'pull-request' | 'auto' {
  const mode = params.models[model]?.promotion.mode ?? params.promotion.mode;
  return mode === 'auto' ? 'auto' : 'pull-request';
}

/** Robots may merge what they propose themselves where every model of it says so. */
export function mayMerge(params: Params, models: string[]): boolean {
  if (models.length === 0) return params.promotion.mode === 'auto';
  return models.every((model) => promotionMode(params, model) === 'auto');
}

/** @throws UsageError where data would be gone with the machine that collected them */
export function needRemote({ remote }: Homes): RemoteHome {
  if (remote) return remote;
  throw new UsageError('no remote is configured: what a robot collects would be lost with its runner', {
    hint: 'set the secret PERENNIAL_REMOTE, or DAGSHUB_REPO and DAGSHUB_USER_TOKEN; docs/homes.md',
  });
}
