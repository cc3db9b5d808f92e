import { openTree } from '../../clients/tree-reader.ts';
import type { BundleFiles } from '../../contracts/bundle.ts';
import type { GithubHome } from '../../contracts/github.ts';
import type { Homes } from '../../contracts/homes.ts';
import type { Production } from '../../contracts/promotion.ts';
import { verifyBundle } from '../../registry/manifest.ts';
import { paths, REPOSITORY, workspaceAt } from '../../workspace.ts';
import type { Environment } from '../environment.ts';
import { addToSummary } from '../job-summary.ts';
import { openGithub } from '../open-github.ts';
import { openOutside } from '../outside.ts';
import type { Bench } from './bench.ts';

/** @param given in place of what the environment says, and of this repository */
export async function openBench(
  environment: Environment,
  given: { homes?: Homes; github?: GithubHome; root?: string } = {},
): Promise<Bench & { close(): Promise<void> }> {
  const { signal, log, now } = environment;
  const { root = REPOSITORY } = given;
  const { github, remote } = await openGithub(environment, given.github);
  const outside = await openOutside(environment, given.homes);
  const { homes, mlflow } = outside;
  const trees = new Map<string, ReturnType<typeof openTree>>();
  const bundles = new Map<string, Promise<BundleFiles>>();

  async function fetchBundle(model: string, production: Production): Promise<BundleFiles> {
    const registry = await outside.served({ model, paths: paths(workspaceAt(root), model), now, log });
    try {
      const files = await registry.bundle(production.version);
      verifyBundle(files, production.digest);
      return files;
    } finally {
      await registry.close();
    }
  }

  return {
    root,
    tree(sha) {
      const opened = trees.get(sha) ?? openTree(root, sha);
      trees.set(sha, opened);
      return opened;
    },
    github,
    git: () => remote(root),
    remote: homes.remote,
    bundle(model, production) {
      const key = `${model} ${production.digest}`;
      const fetching = bundles.get(key) ?? fetchBundle(model, production);
      bundles.set(key, fetching);
      fetching.catch(() => bundles.delete(key));
      return fetching;
    },
    async runPage(runId) {
      const run = await mlflow?.run(runId);
      return run && mlflow ? mlflow.page({ experimentId: run.info.experiment_id, runId }) : null;
    },
    async summarize(markdown) {
      await addToSummary(markdown);
    },
    now,
    log,
    signal,
    close: () => outside.close(),
  };
}
