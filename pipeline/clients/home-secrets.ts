import type { MlflowHome, RemoteHome } from '../contracts/homes.ts';

/** Values of an MLflow server that no message may show, in each form in which they travel. */
export function mlflowSecrets({ username, password, token }: MlflowHome): string[] {
  const known = username !== undefined || password !== undefined;
  const basic = known && !token ? basicAuth(username, password) : undefined;
  return [password, token, basic].filter((secret): secret is string => Boolean(secret));
}

/** Values of a DVC remote that no line and no error may show, in each form in which they travel. The longest first:
 *  one may be part of another. */
export function remoteSecrets(home: RemoteHome): string[] {
  const values = home.secrets.map((name) => home.config[name] ?? '');
  const { user, password } = home.config;
  if (password) values.push(basicAuth(user, password));
  // Azure's libraries show parts of a connection string alone.
  for (const value of [...values]) {
    for (const [, part] of value.matchAll(/(?:AccountKey|SharedAccessSignature)=([^;]+)/g)) values.push(part);
  }
  // Shorter ones stand in ordinary words: taking them out would leave nothing to read.
  return [...new Set(values)].filter((value) => value.length >= 4).sort((a, b) => b.length - a.length);
}

/** What stands behind `Basic ` in a request. */
export function basicAuth(user = '', password = ''): string {
  return Buffer.from(`${user}:${password}`).toString('base64');
}
