import type { Mlflow } from '../../clients/mlflow/mlflow.ts';
import { quoted } from '../../clients/mlflow/search.ts';
import type { Alias } from '../../contracts/registry.ts';
import { folderRegistry } from '../../registry/folder.ts';
import { DIGEST_TAG, nameOf } from '../../registry/mlflow/facts.ts';
import { LEDGER_TAG } from '../../registry/mlflow/home.ts';
import { mlflowRegistry } from '../../registry/mlflow.ts';
import { examine, type Finding } from './finding.ts';

export interface RegistryCheck {
  model: string;
  /** Null: a folder. */
  mlflow: Mlflow | null;
  /** Of the folder registry. */
  directory: string;
  experiment: string;
  prefix: string;
  now: () => Date;
}

/** What the registry holds of a model: both aliases, every byte that they point to, and on MLflow whether this user may go
 *  on writing there. Nothing moves, but for MLflow's own alias, which every look puts where the ledger says. */
export async function checkRegistry(check: RegistryCheck): Promise<Finding[]> {
  const { model, mlflow, directory, now } = check;
  const place = { home: 'registry', where: model };
  if (!mlflow) return await checkAliases(place.where, folderRegistry(directory, { model, now }));
  const name = `${check.prefix}${model}`;
  const findings: Finding[] = [];
  // Before anything of ours asks for an alias: that puts MLflow's own right.
  const before = await examine(place, () => rights(mlflow, name));
  if (before.state === 'wrong') return [before];
  const shown = await examine(place, () => asPagesShow(mlflow, name, check));
  if (shown.state !== 'well') findings.push(shown);
  const registry = mlflowRegistry(mlflow, { ...check, model });
  return [...findings, ...(await checkAliases(name, registry))];
}

type Readable = Pick<ReturnType<typeof mlflowRegistry>, 'versions' | 'alias'>;

async function checkAliases(where: string, registry: Readable): Promise<Finding[]> {
  const findings: Finding[] = [];
  const said: string[] = [];
  for (const alias of ['champion', 'challenger'] satisfies Alias[]) {
    const finding = await examine({ home: 'registry', where }, async () => {
      const version = await registry.alias(alias);
      if (version) said.push(`${alias} ${version.version} (${version.candidate})`);
      return '';
    });
    if (finding.state === 'wrong') findings.push(finding);
  }
  if (findings.length > 0) return findings;
  return [
    await examine({ home: 'registry', where }, async () => {
      const { length } = await registry.versions();
      if (length === 0) return 'no version yet';
      const versions = `${length} ${length === 1 ? 'version' : 'versions'}`;
      return `${versions}; ${said.join(', ') || 'no champion yet'}: each byte is what its digest says`;
    }),
  ];
}

/** Writes what stands there already: it changes nothing, and a user who may only read is refused. */
async function rights(mlflow: Mlflow, name: string): Promise<string> {
  const found = await mlflow.registeredModel(name);
  if (!found) return 'no version yet';
  await mlflow.updateRegisteredModel(name, { description: found.description });
  const ledger = found.tags[LEDGER_TAG];
  const run = ledger === undefined ? null : await mlflow.run(ledger);
  const [param] = Object.entries(run?.data.params ?? {});
  if (run && param) await mlflow.logParam(run.info.run_id, ...param);
  return 'may be written';
}

/** Where MLflow's pages say something else than the registry: a process was killed in between, or somebody moved an alias
 *  there by hand. */
async function asPagesShow(mlflow: Mlflow, name: string, check: RegistryCheck) {
  const found = await mlflow.registeredModel(name);
  if (!found) return 'no version yet';
  const ledger = found.tags[LEDGER_TAG];
  const params = (ledger === undefined ? null : await mlflow.run(ledger))?.data.params ?? {};
  const said: string[] = [];
  for (const alias of ['champion', 'challenger']) {
    const moves = Object.keys(params).filter((key) => key.startsWith(`${alias}.`));
    const last = params[moves.sort().at(-1) ?? ''];
    const should = last === undefined ? null : (JSON.parse(last) as { version: string }).version;
    const shown = found.aliases[alias] === undefined ? null : nameOf(found.aliases[alias]);
    if (should !== shown)
      said.push(`${alias} is ${should ?? 'unset'}, MLflow's page shows ${shown ?? 'none'}`);
  }
  const digests = (await mlflow.searchModelVersions(`name = ${quoted(name)}`)).map(
    ({ tags }) => tags[DIGEST_TAG],
  );
  const known = digests.filter((digest) => digest !== undefined);
  const twins = known.length - new Set(known).size;
  if (twins > 0) said.push(`${twins} of ${known.length} versions hold a bundle that another one holds`);
  const foreign = digests.length - known.length;
  if (foreign > 0)
    said.push(`${foreign} of ${digests.length} versions were not made by Perennial and are left alone`);
  if (said.length === 0) return `as ${check.model} was left`;
  return {
    state: 'note' as const,
    said: said.join('; '),
    hint: 'what is ours was put right just now; nothing is to be done',
  };
}
