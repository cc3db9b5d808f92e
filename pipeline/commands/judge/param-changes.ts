import type { ModelParams } from '../../contracts/params.ts';
import type { ParamChange } from '../../contracts/pull-report.ts';

/** Settings of one model that a pull request changes, defaults included; sorted. */
export function paramChanges(before: ModelParams | null, after: ModelParams | null): ParamChange[] {
  const [from, to] = [flat(before ?? {}), flat(after ?? {})];
  return [...new Set([...from.keys(), ...to.keys()])]
    .sort()
    .map((setting) => ({ setting, from: from.get(setting) ?? null, to: to.get(setting) ?? null }))
    .filter((change) => change.from !== change.to);
}

/** Dotted names of all that is no group of settings; a list is one value. */
function flat(value: object, prefix = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [name, inner] of Object.entries(value)) {
    if (inner === undefined) continue;
    const path = prefix ? `${prefix}.${name}` : name;
    if (typeof inner === 'object' && inner !== null && !Array.isArray(inner))
      for (const [below, text] of flat(inner, path)) found.set(below, text);
    else found.set(path, typeof inner === 'string' ? inner : JSON.stringify(inner));
  }
  return found;
}
