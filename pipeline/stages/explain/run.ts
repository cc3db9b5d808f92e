import type { Mlflow } from '../../clients/mlflow/mlflow.ts';
import type { StageContext } from '../../context.ts';
import { CorruptError, UsageError } from '../../contracts/errors.ts';
import type { Alias, RegisteredVersion, Registry } from '../../contracts/registry.ts';
import { REPOSITORY } from '../../workspace.ts';
import { judgeCommit } from './judge-commit.ts';
import { judgeData, judgeSnapshots, sourceOf } from './judge-data.ts';
import { judgeForecast, type PackSeen } from './judge-forecast.ts';
import { judgeRun } from './judge-run.ts';
import { brokenBy, type Chain, type Link, ok } from './link.ts';
import { readCommit } from './read-commit.ts';
import { type DataRequest, readData, readSnapshots } from './read-data.ts';
import { readPack } from './read-pack.ts';
import { readRun } from './read-run.ts';

export interface ExplainOptions {
  registry: Registry;
  /** null: none is configured. */
  mlflow: Mlflow | null;
  /** Where data could be fetched from, as a person may see it. */
  remote: string | null;
  /** Default: the champion. */
  version?: string;
  /** The clone that holds the code. */
  repository?: string;
}

/** From a forecast to its model version, run, commit, data version, snapshots and their source; each link is looked at and
 *  its hashes are calculated anew. Nothing is written, nothing is fetched.
 *  @throws UsageError if there is no such version */
export async function explain(context: StageContext, options: ExplainOptions): Promise<Chain> {
  const { registry, mlflow, repository = REPOSITORY } = options;
  const { model, paths, workspace, progress, signal } = context;
  const versions = await registry.versions();
  const aliases = await aliasesOf(registry);
  const version = chosen(model, { versions, champion: aliases.champion, asked: options.version });
  const step = progress.start(`explaining ${version.version}`);
  const pack = await packOrRefusal(paths.pack);
  const dataOf = remembered((hash: string) =>
    lookAtData({ root: workspace.root, hash, model, remote: options.remote, signal }, paths.raw),
  );
  const trained = await dataOf(version.data_version);
  const forecast = pack && !(pack instanceof CorruptError) ? await dataOf(pack.manifest.data_version) : null;
  const links = [
    pack instanceof CorruptError
      ? brokenBy(pack, { link: 'forecast', value: 'pack.json' })
      : judgeForecast(version, { pack, versions, snapshots: forecast?.snapshots ?? null }),
    // The data may have gone on since it was trained.
    ...(forecast && forecast !== trained && isOf(pack, version)
      ? [
          judgeData('forecast data', forecast.hash, forecast.data),
          judgeSnapshots('forecast snapshot', forecast.snapshots),
        ]
      : []),
    await judgeVersion(registry, version),
    judgeRun(version, await readRun(mlflow, version.run)),
    judgeCommit(version.commit, await commitOf(repository, version.commit)),
    judgeData('data', trained.hash, trained.data),
    judgeSnapshots('snapshot', trained.snapshots),
    sourceOf(trained.snapshots?.newest ?? null),
  ];
  step.done();
  const names = Object.entries(aliases).filter(([, at]) => at === version.version);
  return { model, version: version.version, aliases: names.map(([alias]) => alias), links };
}

type Aliases = Record<Alias, string | null>;

export async function aliasesOf(registry: Registry): Promise<Aliases> {
  return {
    champion: await registry.pointer('champion'),
    challenger: await registry.pointer('challenger'),
  };
}

function chosen(
  model: string,
  {
    versions,
    champion,
    asked,
  }: { versions: RegisteredVersion[]; champion: string | null; asked: string | undefined },
): RegisteredVersion {
  const name = asked ?? champion;
  const found = versions.find(({ version }) => version === name);
  if (found) return found;
  const known = versions.map(({ version }) => version);
  const hint =
    known.length === 0
      ? 'the registry is empty: `perennial run` trains a first one'
      : `known are ${known.slice(-10).join(', ')}`;
  if (name === null) throw new UsageError(`${model} has no champion yet`, { hint });
  if (asked !== undefined) throw new UsageError(`there is no version ${name} of ${model}`, { hint });
  throw new CorruptError(`the champion of ${model} is ${name}, and the registry has no such version`, {
    hint: `go back to one that is there with \`perennial rollback ${model} --to …\`; ${hint}`,
  });
}

/** Every file of the bundle is read and hashed. */
async function judgeVersion(registry: Registry, version: RegisteredVersion): Promise<Link> {
  const about = { link: 'version' as const, value: `${version.version} ${version.digest}` };
  try {
    await registry.version(version.version);
    return ok({
      ...about,
      why: `${version.candidate}, registered ${version.registered_at}, has learnt until ${version.train_end}; every file hashed anew`,
    });
  } catch (error) {
    if (!(error instanceof CorruptError)) throw error;
    return brokenBy(error, about);
  }
}

async function packOrRefusal(folder: string): Promise<PackSeen | CorruptError | null> {
  try {
    return await readPack(folder);
  } catch (error) {
    if (error instanceof CorruptError) return error;
    throw error;
  }
}

function isOf(pack: PackSeen | CorruptError | null, { digest }: RegisteredVersion): pack is PackSeen {
  return pack !== null && !(pack instanceof CorruptError) && pack.manifest.bundle === digest;
}

async function commitOf(repository: string, commit: string) {
  return /^[0-9a-f]{7,64}$/.test(commit) ? readCommit(repository, commit) : { state: 'absent' as const };
}

async function lookAtData(request: DataRequest, raw: string) {
  return {
    hash: request.hash,
    data: await readData(request),
    snapshots: await readSnapshots(request, raw),
  };
}

/** Most days a version and its forecasts have one data version: it is read once. */
function remembered<T>(look: (hash: string) => Promise<T>): (hash: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (hash) => {
    const answer = known.get(hash) ?? look(hash);
    known.set(hash, answer);
    return answer;
  };
}
