/** Everything that the workflows read of GitHub's secrets and variables, and what for. A test compares the names with
 *  `.github/workflows/`. */
export const WORKFLOW_SETTINGS: WorkflowSetting[] = [
  { name: 'PERENNIAL_APP_PRIVATE_KEY', kind: 'secret', of: 'app' },
  { name: 'PERENNIAL_APP_ID', kind: 'variable', of: 'app' },
  { name: 'PERENNIAL_APP_INSTALLATION', kind: 'variable', of: 'app' },
  { name: 'DAGSHUB_REPO', kind: 'variable', of: 'dagshub' },
  { name: 'DAGSHUB_USER_TOKEN', kind: 'secret', of: 'dagshub' },
  { name: 'MLFLOW_TRACKING_URI', kind: 'secret', of: 'mlflow' },
  { name: 'MLFLOW_TRACKING_USERNAME', kind: 'secret', of: 'mlflow', optional: true },
  { name: 'MLFLOW_TRACKING_PASSWORD', kind: 'secret', of: 'mlflow', optional: true },
  { name: 'MLFLOW_TRACKING_TOKEN', kind: 'secret', of: 'mlflow', optional: true },
  { name: 'PERENNIAL_REMOTE', kind: 'secret', of: 'remote' },
  { name: 'PERENNIAL_REMOTE_USER', kind: 'secret', of: 'https', optional: true },
  { name: 'PERENNIAL_REMOTE_PASSWORD', kind: 'secret', of: 'https', optional: true },
  { name: 'AWS_ACCESS_KEY_ID', kind: 'secret', of: 's3' },
  { name: 'AWS_SECRET_ACCESS_KEY', kind: 'secret', of: 's3' },
  { name: 'AWS_REGION', kind: 'variable', of: 's3', optional: true },
  { name: 'AWS_ENDPOINT_URL', kind: 'variable', of: 's3', optional: true },
  { name: 'AZURE_STORAGE_CONNECTION_STRING', kind: 'secret', of: 'azure' },
  { name: 'IMAGE_REGISTRY', kind: 'variable', of: 'image', optional: true },
  { name: 'IMAGE_REGISTRY_USER', kind: 'variable', of: 'image', optional: true },
  { name: 'IMAGE_REGISTRY_PASSWORD', kind: 'secret', of: 'image', optional: true },
  { name: 'IMAGE_PROVENANCE', kind: 'variable', of: 'image', optional: true },
  { name: 'PERENNIAL_PRUNE', kind: 'variable', of: 'prune', optional: true },
];

export interface WorkflowSetting {
  name: string;
  kind: 'secret' | 'variable';
  of: 'app' | 'dagshub' | 'mlflow' | 'remote' | 'https' | 's3' | 'azure' | 'image' | 'prune';
  /** Not every server asks for it. */
  optional?: boolean;
}

/** Where `init` leaves the App's key: ignored by git, and by what a run commits in `.perennial/`. */
export const KEY_FILE = '.perennial/app-private-key.pem';

/** The environment of the robots, and the branches whose code may see its secrets. */
export const ROBOTS = { environment: 'robots', branches: ['master', 'test'] } as const;

/** What the App may do, and no more. No `workflows`: a stolen key must not change what workflows do; so a change of a
 *  workflow that was made on `master` itself goes back into `test` and `dev` by a person's merge.
 *  No `administration`: rules are applied with a person's token. */
export const APP_PERMISSIONS: Record<string, 'read' | 'write'> = {
  /** Branches of robots, merges. */
  contents: 'write',
  pull_requests: 'write',
  /** The required status. */
  statuses: 'write',
  /** Comments, and one issue for a failed gate. */
  issues: 'write',
  /** Artifacts of reviews; `/perennial retrain` starts a run again. */
  actions: 'write',
  /** In mode `auto` it waits for them. */
  checks: 'read',
  metadata: 'read',
};
