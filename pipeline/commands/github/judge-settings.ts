import type { Finding } from '../doctor/finding.ts';
import { ROBOTS } from './workflow-settings.ts';

/** Names alone: values of secrets can be read by nobody. */
export interface NamesOnGithub {
  secrets: Set<string>;
  variables: Set<string>;
  /** Secrets of the environment `robots`. */
  robots: Set<string>;
}

/** What is missing among secrets and variables, or lies where it must not. */
export function judgeSettings(names: NamesOnGithub): Finding[] {
  return [...judgeApp(names), ...judgeData(names), ...judgeModels(names), ...judgePairs(names)];
}

const HOME = 'settings';

function judgeApp({ secrets, variables, robots }: NamesOnGithub): Finding[] {
  const key = 'PERENNIAL_APP_PRIVATE_KEY';
  const place = { home: HOME, where: key };
  const findings: Finding[] = [];
  if (secrets.has(key)) {
    findings.push({
      ...place,
      state: 'wrong',
      said: `lies among the repository's secrets, where the code of every branch can read it`,
      hint: `gh secret delete ${key}; then gh secret set ${key} --env ${ROBOTS.environment} < key.pem, with a new key: this one may be known`,
    });
  }
  if (robots.has(key)) {
    findings.push({ ...place, state: 'well', said: `is in the environment ${ROBOTS.environment}` });
  } else {
    const said = `is not in the environment ${ROBOTS.environment}: robots cannot act`;
    findings.push({ ...place, state: 'wrong', said, hint: 'npm run init -- --app says how' });
  }
  for (const name of ['PERENNIAL_APP_ID', 'PERENNIAL_APP_INSTALLATION']) {
    if (variables.has(name)) continue;
    const said = 'is not among the variables';
    findings.push({
      home: HOME,
      where: name,
      state: 'wrong',
      said,
      hint: `gh variable set ${name} --body <number>`,
    });
  }
  return findings;
}

function judgeData(names: NamesOnGithub): Finding[] {
  const place = { home: HOME, where: 'data' };
  const { PERENNIAL_REMOTE: remote, dagshub } = homesIn(names);
  if (remote) {
    const keys = STORES.filter((store) => store.every((name) => isSecret(names, name)));
    if (keys.length > 0)
      return [{ ...place, state: 'well', said: `PERENNIAL_REMOTE, with ${keys[0].join(', ')}` }];
    const said = 'PERENNIAL_REMOTE is set, and no credentials of any store';
    return [{ ...place, state: 'note', said, hint: 'right for a store that asks for none' }];
  }
  if (dagshub) return [{ ...place, state: 'well', said: 'the store of DAGSHUB_REPO' }];
  const said = 'workflows have no place for data: neither PERENNIAL_REMOTE nor DAGSHUB_REPO is set';
  return [{ ...place, state: 'wrong', said, hint: 'npm run init says which lines set it' }];
}

function judgeModels(names: NamesOnGithub): Finding[] {
  const place = { home: HOME, where: 'models' };
  if (isSecret(names, 'MLFLOW_TRACKING_URI'))
    return [{ ...place, state: 'well', said: 'MLFLOW_TRACKING_URI' }];
  if (homesIn(names).dagshub) return [{ ...place, state: 'well', said: 'the MLflow of DAGSHUB_REPO' }];
  const said = 'workflows have no registry: neither MLFLOW_TRACKING_URI nor DAGSHUB_REPO is set';
  return [{ ...place, state: 'wrong', said, hint: 'npm run init says which lines set it' }];
}

/** Settings that are of use only together. */
function judgePairs(names: NamesOnGithub): Finding[] {
  const isThere = (name: string) => names.variables.has(name) || isSecret(names, name);
  return PAIRS.flatMap(([first, second]): Finding[] => {
    if (isThere(first) === isThere(second)) return [];
    const [there, missing] = isThere(first) ? [first, second] : [second, first];
    const hint = `gh secret set ${missing}`;
    return [{ home: HOME, where: missing, state: 'wrong', said: `is not set, and ${there} is`, hint }];
  });
}

const STORES = [
  ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
  ['AZURE_STORAGE_CONNECTION_STRING'],
  ['PERENNIAL_REMOTE_USER', 'PERENNIAL_REMOTE_PASSWORD'],
  // Its token opens Dagshub's store by address too.
  ['DAGSHUB_USER_TOKEN'],
];

const PAIRS: [string, string][] = [
  ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
  ['PERENNIAL_REMOTE_USER', 'PERENNIAL_REMOTE_PASSWORD'],
  ['MLFLOW_TRACKING_USERNAME', 'MLFLOW_TRACKING_PASSWORD'],
  ['DAGSHUB_REPO', 'DAGSHUB_USER_TOKEN'],
];

/** Reviews see the repository's secrets, robots those of their environment too. */
const isSecret = ({ secrets, robots }: NamesOnGithub, name: string) => secrets.has(name) || robots.has(name);

function homesIn(names: NamesOnGithub): { PERENNIAL_REMOTE: boolean; dagshub: boolean } {
  return {
    PERENNIAL_REMOTE: isSecret(names, 'PERENNIAL_REMOTE') || names.variables.has('PERENNIAL_REMOTE'),
    dagshub: names.variables.has('DAGSHUB_REPO') || isSecret(names, 'DAGSHUB_REPO'),
  };
}
