import { z } from 'zod';
import { mlflowUrl } from '../clients/mlflow/address.ts';
import { checkedName } from '../clients/mlflow/limits.ts';
import { MlflowError } from '../clients/mlflow/mlflow-error.ts';
import { UsageError } from '../contracts/errors.ts';
import { MlflowHome } from '../contracts/homes.ts';
import { type Dagshub, dagshubCredentials, dagshubHost } from './dagshub.ts';
import { bothOrNone, type Settings } from './settings.ts';

/** MLflow by its own names, else Dagshub's; null: models stay in a folder. @throws UsageError */
export function readMlflow(settings: Settings, dagshub: Dagshub | null): MlflowHome | null {
  const own = settings.MLFLOW_TRACKING_URI;
  if (own === undefined && !dagshub) return null;
  const address = mlflowUrl(own ?? `${dagshub?.host}/${dagshub?.owner}/${dagshub?.name}.mlflow`);
  return MlflowHome.parse({
    url: address.url,
    ...credentials(settings, address),
    ...limits(settings),
  });
}

/** The experiment of a model's runs: `MLFLOW_EXPERIMENT_NAME` for all of them, as MLflow has it, else one for each model,
 *  named like it. @throws UsageError */
export function experimentName(settings: Settings, model: string): string {
  const name = settings.MLFLOW_EXPERIMENT_NAME;
  if (name === undefined) return model;
  try {
    return checkedName(name, 'an experiment');
  } catch (cause) {
    if (!(cause instanceof MlflowError)) throw cause;
    throw new UsageError(`MLFLOW_EXPERIMENT_NAME: ${cause.message}`, { hint: cause.hint, cause });
  }
}

/** Before a model's name in MLflow's registry: for a server where another team has a model of that name. @throws UsageError */
export function modelPrefix(settings: Settings): string {
  const prefix = settings.PERENNIAL_MODEL_PREFIX ?? '';
  if (/^[\w.-]{0,60}$/.test(prefix)) return prefix;
  throw new UsageError('PERENNIAL_MODEL_PREFIX has letters that a registered model cannot have', {
    hint: 'take letters, digits, dots, dashes and underscores, at most 60, such as team-a-',
  });
}

function credentials(settings: Settings, address: { url: string; username?: string; password?: string }) {
  const pair = bothOrNone(settings, ['MLFLOW_TRACKING_USERNAME', 'MLFLOW_TRACKING_PASSWORD']);
  if (pair) return { username: pair[0], password: pair[1] };
  const token = settings.MLFLOW_TRACKING_TOKEN;
  if (token !== undefined) {
    if (!/^[\x21-\x7e]+$/.test(token)) {
      throw new UsageError('MLFLOW_TRACKING_TOKEN holds a blank or a letter that no token has', {
        hint: 'paste the token alone, without "Bearer" in front',
      });
    }
    return { token };
  }
  if (address.username !== undefined || address.password !== undefined) {
    if (!address.username || !address.password) {
      throw new UsageError(
        `the address of MLflow (MLFLOW_TRACKING_URI) has a ${address.username ? 'user and no password' : 'password and no user'}`,
        { hint: 'set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD instead' },
      );
    }
    return { username: address.username, password: address.password };
  }
  // Dagshub's token goes to Dagshub and nowhere else.
  const known = new URL(address.url).origin === dagshubHost(settings) && dagshubCredentials(settings);
  return known ? { username: known.user, password: known.token } : {};
}

const Limits = z.object({
  MLFLOW_HTTP_REQUEST_TIMEOUT: z.coerce
    .number('expected a number of seconds, such as 30')
    .positive('expected more than 0 seconds')
    .max(3600, 'expected at most 3600 seconds')
    .optional(),
  MLFLOW_HTTP_REQUEST_MAX_RETRIES: z.coerce
    .number('expected a whole number, such as 4')
    .int('expected a whole number, such as 4')
    .min(0, 'expected 0 or more')
    .max(50, 'expected at most 50')
    .optional(),
  MLFLOW_TRACKING_INSECURE_TLS: z.stringbool('expected true or false').optional(),
});

function limits(settings: Settings) {
  const read = Limits.safeParse(settings);
  if (!read.success) {
    const [issue] = read.error.issues;
    const name = String(issue.path[0]);
    throw new UsageError(`${name} is "${settings[name]}": ${issue.message}`, {
      hint: `mend ${name}, or leave it out`,
    });
  }
  const { data } = read;
  return {
    ...(data.MLFLOW_HTTP_REQUEST_TIMEOUT !== undefined && {
      timeoutMs: Math.ceil(data.MLFLOW_HTTP_REQUEST_TIMEOUT * 1000),
    }),
    ...(data.MLFLOW_HTTP_REQUEST_MAX_RETRIES !== undefined && {
      retries: data.MLFLOW_HTTP_REQUEST_MAX_RETRIES,
    }),
    ...(data.MLFLOW_TRACKING_INSECURE_TLS !== undefined && {
      insecureTls: data.MLFLOW_TRACKING_INSECURE_TLS,
    }),
  };
}
