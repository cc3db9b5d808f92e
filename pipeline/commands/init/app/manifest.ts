import { APP_PERMISSIONS } from '../../github/workflow-settings.ts';

/** GitHub takes no longer name. */
const LONGEST_NAME = 34;

export interface Manifest {
  name: string;
  url: string;
  description: string;
  redirect_url: string;
  public: boolean;
  hook_attributes: { url: string; active: boolean };
  default_permissions: Record<string, string>;
  default_events: string[];
}

/** The App that GitHub shall make: private, without a webhook, with the least that the robots need.
 *  https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest */
export function appManifest({
  owner,
  name,
  page,
  redirectUrl,
}: {
  owner: string;
  name: string;
  /** Of the repository. */
  page: string;
  redirectUrl: string;
}): Manifest {
  return {
    // Names of Apps are unique on all of GitHub; the person can change it on GitHub's page.
    name: `perennial-${owner}-${name}`
      .replace(/[^\w-]/g, '-')
      .slice(0, LONGEST_NAME)
      .replace(/-+$/, ''),
    url: page,
    description: `Robots of ${owner}/${name}: data, candidates, comments and the status of pull requests.`,
    redirect_url: redirectUrl,
    public: false,
    hook_attributes: { url: page, active: false },
    default_permissions: APP_PERMISSIONS,
    default_events: [],
  };
}

/** Where the manifest is posted: an App belongs to a person or to an organisation. */
export function registrationUrl({
  serverUrl,
  organisation,
  state,
}: {
  serverUrl: string;
  organisation: string | null;
  state: string;
}): string {
  const base = organisation === null ? '' : `/organizations/${encodeURIComponent(organisation)}`;
  return `${serverUrl}${base}/settings/apps/new?state=${encodeURIComponent(state)}`;
}
