import type { Mlflow } from '../../clients/mlflow/mlflow.ts';
import type { MlflowHome } from '../../contracts/homes.ts';
import { checkClock } from './check-clock.ts';
import { examine, type Finding } from './finding.ts';
import { beginProbe, endProbe, ownerTag, probeModel, probeName, probeRun } from './mlflow-probe.ts';

export interface MlflowCheck {
  home: MlflowHome;
  /** Not bound to a signal: the probe is taken away also when somebody presses Ctrl-C. */
  mlflow: Mlflow;
  now: () => Date;
  signal: AbortSignal;
}

/** Reaches the server, logs in, compares clocks, then writes a run and a registered model, reads both back and deletes
 *  them. What stands on a check that failed is not tried. */
export async function checkMlflow(check: MlflowCheck): Promise<Finding[]> {
  const { home, mlflow } = check;
  const user = home.username !== undefined && home.username !== home.password ? ` as ${home.username}` : '';
  const where = `${home.url}${user}`;
  const reached = await examine({ home: 'MLflow', where }, async () => {
    const version = await mlflow.serverVersion();
    await mlflow.experimentByName(probeName(home));
    const authenticated = home.token ?? home.password;
    return `reached${version ? `, version ${version}` : ''}, ${authenticated ? 'log-in accepted' : 'asks for no log-in'}`;
  });
  const clock = await examine({ home: 'clock', where: home.url }, async () => {
    return (await checkClock(home, check)) ?? { state: 'note', said: 'the server does not tell its time' };
  });
  if (reached.state === 'wrong') return clock.state === 'wrong' ? [reached, clock] : [reached];
  return [reached, ...openly(home), clock, ...(await probe(check))];
}

/** Anybody on the way reads a password that is sent without TLS. */
function openly({ url, password, token }: MlflowHome): Finding[] {
  const { protocol, hostname } = new URL(url);
  const isHere = /^(localhost|127\.|\[::1\])/.test(hostname);
  if (protocol === 'https:' || isHere || !(password ?? token)) return [];
  const said = 'the password is sent without encryption';
  return [
    {
      home: 'MLflow',
      where: url,
      state: 'note',
      said,
      hint: 'use https:// where the network is not your own',
    },
  ];
}

async function probe({ home, mlflow, now, signal }: MlflowCheck): Promise<Finding[]> {
  const findings: Finding[] = [];
  const about = { name: probeName(home), owner: ownerTag(now()) };
  const runPlace = { home: 'MLflow', where: 'runs and artifacts' };
  let run: Awaited<ReturnType<typeof beginProbe>>;
  try {
    run = await beginProbe(mlflow, { ...about, now: now() });
  } catch (error) {
    return [await examine(runPlace, () => Promise.reject(error))];
  }
  let left: string[];
  try {
    findings.push(
      await examine(runPlace, async () => {
        signal.throwIfAborted();
        await probeRun(mlflow, run, about.owner);
        return 'written, read back, deleted: experiment, run, parameter, metric, artifact';
      }),
      await examine({ home: 'MLflow', where: 'registered models' }, async () => {
        signal.throwIfAborted();
        await probeModel(mlflow, run, about);
        return 'made, found by its alias, deleted: model, version, alias';
      }),
    );
  } finally {
    left = await endProbe(mlflow, run, about.name);
  }
  if (left.length > 0) findings.push(leftBehind(about.name, left));
  return findings;
}

function leftBehind(name: string, left: string[]): Finding {
  return {
    home: 'MLflow',
    where: name,
    state: 'note',
    said: `the probe could not take away ${left.join(', ')}`,
    hint: 'the next doctor tries again',
  };
}
