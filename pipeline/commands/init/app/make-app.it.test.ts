import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { browserPath } from '../../../../test/look/browser.ts';
import { GitHost } from '../../../../test/servers/git-host.ts';
import { told } from '../../github/hosted-repository.testing.ts';
import { APP_PERMISSIONS, KEY_FILE } from '../../github/workflow-settings.ts';
import { makeApp } from './make-app.ts';
import type { Manifest } from './manifest.ts';

const LIMIT_MS = 20_000;
let host: GitHost;
let website: GithubPage;
let repository: string;

beforeAll(async () => {
  host = await GitHost.start();
  website = await GithubPage.start(() => host);
  repository = await mkdtemp(join(tmpdir(), 'make-app-'));
});
afterAll(async () => {
  website.stop();
  await rm(repository, { recursive: true, force: true });
  await host.stop();
});

/** Makes an App while `visit` plays the person.
 *  @param visit gets the address that the terminal shows */
async function making(visit: (url: string) => Promise<void>, patienceMs = LIMIT_MS) {
  const lines: string[] = [];
  const place = { apiUrl: host.apiUrl, serverUrl: website.url, owner: 'acme', name: 'perennial' };
  let visited: Promise<void> | null = null;
  const call = told(async (environment) => {
    const say = (line: string) => {
      lines.push(line);
      const [url] = /http:\/\/127\.0\.0\.1:\d+\/$/m.exec(line) ?? [];
      if (url && !visited) visited = visit(url);
    };
    const console = { ...environment.console, say };
    await makeApp(
      { ...environment, console },
      {
        repository,
        place: { ...place, retries: 0 },
        ownerKind: 'Organization',
        patienceMs,
        lookEveryMs: 50,
      },
    );
  });
  const { error } = await call;
  await visited;
  return { text: lines.join('\n'), error };
}

describe('with a browser', () => {
  test('one click, and the key lies in a file for its owner alone', async () => {
    const browser = await chromium.launch({
      executablePath: browserPath(),
      args: ['--no-sandbox', '--disable-gpu'],
    });
    try {
      const { text, error } = await making(async (url) => {
        const page = await browser.newPage();
        await page.goto(url);
        expect(await page.textContent('ul')).toContain('pull requests: write');
        await page.click('button');
        await page.waitForSelector('text=The App is made', { timeout: LIMIT_MS });
        expect(await page.getAttribute('a', 'href')).toMatch(/\/installations\/new$/);
        await install();
      });
      expect(error).toBeNull();
      const made = host.state.apps.at(-1);
      expect(await readFile(join(repository, KEY_FILE), 'utf8')).toBe(made?.privateKey);
      expect((await stat(join(repository, KEY_FILE))).mode & 0o777).toBe(0o600);
      expect(text).toContain(`gh variable set PERENNIAL_APP_ID --repo acme/perennial --body ${made?.id}`);
      expect(text).toContain(`PERENNIAL_APP_INSTALLATION --repo acme/perennial --body ${made?.installation}`);
      expect(text).toContain(`--env robots --repo acme/perennial < ${KEY_FILE}`);
      expect(text).not.toContain('PRIVATE KEY-----');
      expect(website.manifests.at(-1)).toMatchObject({
        name: 'perennial-acme-perennial',
        public: false,
        hook_attributes: { active: false },
        default_permissions: APP_PERMISSIONS,
      });
      expect(website.paths.at(-1)).toBe('/organizations/acme/settings/apps/new');
    } finally {
      await browser.close();
    }
  }, 60_000);
});

describe('without one', () => {
  test('an answer with another state is refused and does no harm to the right one', async () => {
    await rm(join(repository, KEY_FILE), { force: true });
    const apps = host.state.apps.length;
    const { error } = await making(async (url) => {
      const forged = await fetch(`${url}made?code=${host.manifestCode('forged')}&state=of-another`);
      expect(forged.status).toBe(403);
      expect(existsSync(join(repository, KEY_FILE))).toBe(false);
      expect(host.state.apps).toHaveLength(apps);
      const back = await website.press(url);
      expect((await fetch(back)).status).toBe(200);
      await install();
    });
    expect(error).toBeNull();
    expect(host.state.apps).toHaveLength(apps + 1);
  });

  test('a name of another site for this machine is refused', async () => {
    await making(async (url) => {
      const { port } = new URL(url);
      const { get } = await import('node:http');
      const status = await new Promise<number | undefined>((resolve) => {
        const headers = { host: `evil.example:${port}` };
        get({ host: '127.0.0.1', port, path: '/', headers }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        });
      });
      expect(status).toBe(403);
    }, 500);
  });

  test('nobody came in time', async () => {
    const { error } = await making(async () => {}, 200);
    expect(error?.message).toMatch(/nobody came back from GitHub in time/);
  });

  test('a code that GitHub does not know', async () => {
    const { error } = await making(async (url) => {
      const back = new URL(await website.press(url));
      back.searchParams.set('code', 'spent');
      expect((await fetch(back)).status).toBe(502);
    });
    expect(error?.message).toMatch(/404/);
  });
});

async function install(): Promise<void> {
  const app = host.state.apps.at(-1);
  if (!app) throw new Error('no App');
  await wait(120);
  app.rights = { ...APP_PERMISSIONS };
}

/** The one page of GitHub's site that takes a manifest: says yes at once, and sends back with a code. */
class GithubPage {
  readonly manifests: Manifest[] = [];
  readonly paths: string[] = [];
  private constructor(
    private readonly server: Server,
    private readonly codeFor: (name: string) => string,
  ) {}

  static async start(host: () => GitHost): Promise<GithubPage> {
    const server = createServer();
    const page = new GithubPage(server, (name) => host().manifestCode(name));
    server.on('request', async (request, response) => {
      let body = '';
      for await (const part of request) body += part;
      const url = new URL(request.url ?? '/', page.url);
      response.writeHead(302, { location: page.take(url, new URLSearchParams(body)) }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return page;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  take(url: URL, form: URLSearchParams): string {
    const manifest = JSON.parse(form.get('manifest') ?? '') as Manifest;
    this.manifests.push(manifest);
    this.paths.push(url.pathname);
    const state = url.searchParams.get('state') ?? '';
    return `${manifest.redirect_url}?${new URLSearchParams({ code: this.codeFor(manifest.name), state })}`;
  }

  /** What a browser does with the button. @returns where GitHub sends it */
  async press(url: string): Promise<string> {
    const html = await (await fetch(url)).text();
    const unescaped = (text: string) => text.replace(/&(quot|amp|lt|gt|#39);/g, (entity) => ENTITIES[entity]);
    const [, action] = /action="([^"]*)"/.exec(html) ?? [];
    const [, manifest] = /name="manifest" value="([^"]*)"/.exec(html) ?? [];
    const body = new URLSearchParams({ manifest: unescaped(manifest) });
    const answer = await fetch(unescaped(action), { method: 'POST', body, redirect: 'manual' });
    return answer.headers.get('location') ?? '';
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

const ENTITIES: Record<string, string> = {
  '&quot;': '"',
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&#39;': "'",
};
