import { type Answer, type Call, created, notFound, ok, Refusal, type Routes } from '../call.ts';
import { makeApp } from '../make-app.ts';
import * as shapes from '../shapes.ts';
import type { App, Level, Rights } from '../state.ts';

export const appRoutes: Routes = {
  'POST /app-manifests/{code}/conversions': { needs: [], answer: convert },
  'GET /app': { needs: [], answer: (call) => ok(shapes.app(call, itself(call))) },
  'GET /app/installations': {
    needs: [],
    answer: (call) => ({
      list: [itself(call)].filter((app) => app.rights !== null).map((app) => installationShape(call, app)),
    }),
  },
  'GET /repos/{owner}/{repo}/installation': { needs: [], answer: installation },
  'POST /app/installations/{installation_id}/access_tokens': { needs: [], answer: accessToken },
  'GET /installation/repositories': { needs: [{ metadata: 'read' }], answer: repositories },
};

/** The code is good once, and for an hour; here: once. */
function convert(call: Call): Answer {
  const { state, path } = call;
  const manifest = state.manifests.get(path.code);
  if (!manifest) throw notFound();
  state.manifests.delete(path.code);
  const app = makeApp(state, { name: manifest.name, rights: null });
  app.asks = manifest.rights;
  return created({
    ...shapes.app(call, app),
    client_id: `Iv1.${app.id}`,
    client_secret: 'client-secret-of-the-stand-in',
    webhook_secret: null,
    pem: app.privateKey,
  });
}

function installation(call: Call): Answer {
  const app = itself(call);
  if (app.rights === null) throw notFound();
  return ok(installationShape(call, app));
}

function accessToken(call: Call): Answer {
  const { state, path, body, links } = call;
  const app = itself(call);
  if (app.rights === null || Number(path.installation_id) !== app.installation) throw notFound();
  const wanted = (body?.permissions ?? app.rights) as Rights;
  for (const [right, level] of Object.entries(wanted)) {
    if (!covers(app.rights[right], level)) {
      throw new Refusal(422, 'The permissions requested are not granted to this installation.');
    }
  }
  const expires = state.clock() + 3_600_000;
  const rights = { ...wanted, metadata: 'read' as const };
  const token = state.makeToken('ghs', { kind: 'installation', app, rights, expires, startsWorkflows: true });
  return created({
    token,
    expires_at: new Date(expires).toISOString().replace(/\.\d+/, ''),
    permissions: rights,
    repository_selection: 'selected',
    ...(body?.repositories && { repositories: [shapes.repository(state, links)] }),
  });
}

function repositories({ state, links, actor }: Call): Answer {
  if (actor.kind !== 'installation')
    throw new Refusal(
      403,
      'You must authenticate with an installation access token in order to list repositories for an installation.',
    );
  return {
    list: [shapes.repository(state, links)],
    wrap: (items, total) => ({ total_count: total, repositories: items }),
  };
}

/** @throws Refusal 401 where it is not an App that asks, by a token that its key signed */
function itself({ actor }: Call): App {
  if (actor.kind !== 'app') throw new Refusal(401, 'A JSON web token could not be decoded');
  return actor.app;
}

const ORDER = ['none', 'read', 'write', 'admin'];
const covers = (granted: Level | undefined, wanted: Level) =>
  ORDER.indexOf(granted ?? 'none') >= ORDER.indexOf(wanted);

function installationShape(call: Call, app: App) {
  const { state, links } = call;
  return {
    id: app.installation,
    app_id: app.id,
    app_slug: app.slug,
    account: shapes.user(state, links, state.repository.owner),
    target_id: state.account(state.repository.owner).id,
    target_type: state.account(state.repository.owner).type,
    repository_selection: 'selected',
    permissions: app.rights,
    events: [],
    created_at: state.now(),
    updated_at: state.now(),
    access_tokens_url: `${links.api}/app/installations/${app.installation}/access_tokens`,
    html_url: `${links.server}/settings/installations/${app.installation}`,
  };
}
