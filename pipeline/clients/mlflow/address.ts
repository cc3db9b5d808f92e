import { UsageError } from '../../contracts/errors.ts';

export interface MlflowAddress {
  /** Without user, password, fragment and trailing slash; what lies in front of `/api/2.0/mlflow`. */
  url: string;
  username?: string;
  password?: string;
}

/** Reads what a person wrote into `MLFLOW_TRACKING_URI`. A fragment (`#/experiments/1`) is dropped: the address was
 *  copied from the browser.
 *  @throws UsageError one sentence on what is wrong with it, never with a password in it */
export function mlflowUrl(text: string): MlflowAddress {
  const wanted = text.trim();
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(wanted)?.[1]?.toLowerCase();
  if (wanted === '') throw refused('is empty', 'set it to your MLflow server, or leave it out altogether');
  if (wanted === 'databricks' || scheme?.startsWith('databricks')) throw refused(...DATABRICKS);
  if (scheme !== undefined && STORES.test(scheme)) throw refused(`is "${scheme}:…", ${STORE[0]}`, STORE[1]);
  if (/^([./~\\]|[a-z]:\\|mlruns)/i.test(wanted)) throw refused(`is a folder, ${STORE[0]}`, STORE[1]);
  if (scheme !== 'http' && scheme !== 'https') throw withoutScheme(wanted, scheme);
  if (/[/\\?#].*@/.test(wanted.replace(/^https?:\/\//i, ''))) {
    throw refused('has an @ behind a slash, ? or #, as a password with such a letter gives', ELSEWHERE);
  }
  if (!/^https?:\/\/[^/]/i.test(wanted) || /\s/.test(wanted) || !URL.canParse(wanted)) {
    throw refused(`"${shown(wanted)}" is not an address`, EXPECTED);
  }
  const url = new URL(wanted);
  if (url.search !== '') {
    const [before = ''] = wanted.split('?');
    throw refused(`"${shown(before)}?…" goes on behind a question mark`, 'leave out what comes after it');
  }
  const page = /^\/([^/]+)\/([^/]+)\/?$/.exec(url.pathname);
  if (url.hostname === 'dagshub.com' && !url.pathname.replace(/\/+$/, '').endsWith('.mlflow')) {
    const meant = page ? `${page[1]}/${page[2]?.replace(/\.git$/, '')}` : '<owner>/<repository>';
    throw refused(
      `"${shown(wanted)}" is a page of Dagshub, not the MLflow server of a repository`,
      `write https://dagshub.com/${meant}.mlflow`,
    );
  }
  return {
    url: `${url.origin}${url.pathname.replace(/\/+$/, '')}`,
    ...(url.username && { username: decoded(url.username) }),
    ...(url.password && { password: decoded(url.password) }),
  };
}

const EXPECTED =
  'expected for example https://mlflow.example.org or https://dagshub.com/<owner>/<repository>.mlflow';
const ELSEWHERE =
  'leave user and password out of the address: they belong into MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD';
const STORES = /^(file|sqlite|postgres(ql)?|mysql|mssql|s3|gs|wasbs?|abfss?|dbfs|mlflow-artifacts)(\+.*)?$/;
const STORE = [
  'a store on its own, not a server',
  'start a server over it (`mlflow server --backend-store-uri …`) and give its http address, or leave the variable out: then everything stays in folders',
] as const;
const DATABRICKS = [
  'is "databricks", which needs a log-in of its own that is not supported',
  'use an MLflow server of your own, or a Dagshub repository',
] as const;

function withoutScheme(wanted: string, scheme: string | undefined): UsageError {
  // `host:5000` reads like a scheme of that name.
  if (scheme !== undefined && /^[^:]+:\/\//.test(wanted)) {
    return refused(`"${shown(wanted)}" begins with ${scheme}://, not http:// or https://`, EXPECTED);
  }
  const local = /^(.*@)?(localhost|127\.|\[::1\])/.test(wanted);
  const bare = wanted.slice(wanted.lastIndexOf('@') + 1);
  return refused(
    `"${shown(wanted)}" has no http:// or https:// in front`,
    `write ${local ? 'http' : 'https'}://${bare}`,
  );
}

/** Also of what is no address, all between the scheme and the last `@` may hold a password. */
function shown(text: string): string {
  const at = text.lastIndexOf('@');
  if (at < 0) return text;
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0] ?? '';
  return `${scheme}***@${text.slice(at + 1)}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function refused(seen: string, hint: string): UsageError {
  return new UsageError(`the address of MLflow (MLFLOW_TRACKING_URI) ${seen}`, { hint });
}
