import { readExperiment } from '../../pipeline/homes.ts';
import { type OpenRegistry, openRegistry } from '../../pipeline/registry/open.ts';
import { MODEL } from '../../serve/sample-service.testing.ts';
import { MlflowServer } from '../servers/mlflow.ts';
import { Act, actProgram } from '../workflows/act.ts';
import { Actions, type Finished } from '../workflows/actions.ts';
import type { ReleaseTeam } from './release-team.ts';

const WORKFLOW = 'release.yml';

/** A team's release.yml, run by act where its host tells of a merge. Each job has a clone of its own, so the registry is
 *  an MLflow server. */
export class ReleaseWorkflow {
  private constructor(
    private readonly team: ReleaseTeam,
    readonly registry: OpenRegistry,
    private readonly actions: Actions,
    private readonly started: (() => Promise<void>)[],
  ) {}

  /** @returns null where this machine has no Go to build act with */
  static async start(team: ReleaseTeam): Promise<ReleaseWorkflow | null> {
    if ((await actProgram()) === null) return null;
    const [act, mlflow] = await Promise.all([Act.start(), MlflowServer.start({ version: '3' })]);
    const registry = openRegistry({
      homes: { mlflow: mlflow.home, remote: null, dagshub: null },
      model: MODEL,
      directory: '',
      experiment: await readExperiment(MODEL, {}, { repository: team.clone.root }),
      now: () => new Date(),
    });
    const { host } = team;
    const { DOCKER_HOST } = process.env;
    const actions = new Actions(host, act, {
      secrets: {
        MLFLOW_TRACKING_URI: mlflow.home.url,
        MLFLOW_TRACKING_USERNAME: mlflow.home.username!,
        MLFLOW_TRACKING_PASSWORD: mlflow.home.password!,
      },
      robots: { secrets: { PERENNIAL_APP_PRIVATE_KEY: host.app.privateKey }, branches: ['master'] },
      variables: {
        PERENNIAL_APP_ID: String(host.app.id),
        PERENNIAL_APP_INSTALLATION: String(host.app.installation),
        IMAGE_REGISTRY: team.images,
      },
      env: { ...(DOCKER_HOST && { DOCKER_HOST }) },
    });
    actions.onlyWorkflows([WORKFLOW]);
    host.addWorkflow(WORKFLOW);
    const started = [() => registry.close(), () => mlflow.stop(), () => act.stop()];
    return new ReleaseWorkflow(team, registry, actions, started);
  }

  /** Merges a pull request, and lets all happen that this starts. */
  async merged(number: number): Promise<Finished> {
    this.actions.forget();
    await this.team.mergePull(number);
    const began = performance.now();
    const runs = await this.actions.idle();
    const [run, ...more] = runs.filter(({ workflow }) => workflow === WORKFLOW);
    if (!run || more.length > 0) throw new Error(`${runs.length} runs of ${WORKFLOW}, expected one`);
    this.team.ran(WORKFLOW, run.result === 'success' ? 'done' : 'failed', performance.now() - began);
    return run;
  }

  async end(): Promise<void> {
    for (const stop of this.started) await stop();
  }
}
