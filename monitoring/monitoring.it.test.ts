import { readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { buildApp } from '../serve/app.ts';
import { temporaryFolder, workspaceIn } from '../serve/following.testing.ts';
import { Life } from '../serve/guards/life.ts';
import { silent } from '../serve/log.ts';
import { monitorOf } from '../serve/monitor/monitor.ts';
import { Slots } from '../serve/predictor/slots.ts';
import { MODEL, sampleOf } from '../serve/sample-service.testing.ts';
import { readServiceSettings } from '../serve/settings.ts';
import { startModels } from '../serve/start-models.ts';
import { openState } from '../serve/state/state.ts';
import {
  hasProgram,
  startAlertmanager,
  startNodeExporter,
  startPrometheus,
} from '../test/servers/prometheus.ts';
import { ServerProcess } from '../test/servers/server-process.ts';
import { DASHBOARDS, GRAFANA_ALERTS } from './grafana/panels.ts';

const HERE = import.meta.dirname;
const RULES = join(HERE, 'prometheus/rules');

const programs = ['promtool', 'prometheus', 'prometheus-alertmanager', 'prometheus-node-exporter', 'amtool'];
const here = new Map<string, boolean>();
for (const name of programs) here.set(name, await hasProgram(name));
const have = (...names: string[]) => names.every((name) => here.get(name));

describe.skipIf(!have('promtool', 'amtool'))('the configuration', () => {
  it('is one that Prometheus and Alertmanager take', async () => {
    await execa('promtool', ['check', 'config', '--syntax-only', join(HERE, 'prometheus/prometheus.yml')]);
    await execa('promtool', ['check', 'rules', join(RULES, 'alerts.yml'), join(RULES, 'recording.yml')]);
    await execa('amtool', ['check-config', join(HERE, 'alertmanager/alertmanager.yml')]);
  });

  it('rings on one side of each limit and not on the other', async () => {
    const tests = ['minutes', 'days'].map((name) => join(HERE, 'prometheus/tests', `${name}.test.yml`));
    const { stdout } = await execa('promtool', ['test', 'rules', ...tests], { timeout: 300_000, all: true });
    expect(stdout.match(/SUCCESS/g)).toHaveLength(2);
  }, 300_000);
});

describe.skipIf(!have('prometheus', 'prometheus-node-exporter'))(
  'a Prometheus that scrapes the service',
  () => {
    let workspace: Awaited<ReturnType<typeof temporaryFolder>>;
    let followers: Awaited<ReturnType<typeof startModels>>;
    let app: Awaited<ReturnType<typeof buildApp>>;
    let prometheus: Awaited<ReturnType<typeof startPrometheus>>;
    let node: Awaited<ReturnType<typeof startNodeExporter>>;
    let load: AbortController;

    beforeAll(async () => {
      workspace = await temporaryFolder();
      const home = workspaceIn(workspace.folder);
      const sample = sampleOf();
      await home.promote(await home.register(sample));
      await home.publish(sample.pack);
      const settings = readServiceSettings({ PERENNIAL_RATE_LIMIT: '0' });
      const slots = new Slots([MODEL]);
      const monitor = monitorOf();
      const now = () => new Date();
      const state = await openState(null, { log: silent });
      followers = await startModels({
        ...{ slots, source: home.source(), baked: null, state, monitor, settings, log: silent, now },
      });
      app = await buildApp({ slots, monitor, settings, life: new Life(), now, followers });
      const service = await app.listen({ port: 0, host: '127.0.0.1' });
      node = await startNodeExporter();
      prometheus = await startPrometheus({
        rules: RULES,
        targets: { perennial: [new URL(service).host], machine: [node.address] },
      });
      load = new AbortController();
      void underLoad(service, load.signal);
    });
    afterAll(async () => {
      load?.abort();
      await Promise.allSettled([prometheus?.stop(), node?.stop(), app?.close()]);
      await Promise.all([...(followers?.values() ?? [])].map((one) => one.close()));
      await workspace?.remove();
    });

    it('answers the query of every panel and of every alert of Grafana’s', async () => {
      const queries = [
        ...DASHBOARDS.flatMap(({ title, rows }) =>
          rows.flatMap(({ panels }) =>
            panels.flatMap((panel) =>
              panel.queries.map(({ expr }) => ({ name: `${title}: ${panel.title}`, expr })),
            ),
          ),
        ),
        ...GRAFANA_ALERTS.map(({ title, expr }) => ({ name: title, expr })),
      ];
      let empty = queries;
      // A rate needs two scrapes, a recorded one a turn more.
      for (const until = Date.now() + 60_000; empty.length > 0 && Date.now() < until; ) {
        await wait(1_000);
        const answers = await Promise.all(empty.map(({ expr }) => ask(prometheus.url, expr)));
        empty = empty.filter((_, index) => answers[index] === 0);
      }
      expect(empty.map(({ name, expr }) => `${name}: ${expr}`)).toEqual([]);
    });
  },
);

describe.skipIf(!have('prometheus', 'prometheus-alertmanager'))('an alert', () => {
  it('reaches Slack’s webhook and the file, once for many, and says when it is over', async () => {
    const slack = await listener();
    const file = join(tmpdir(), `perennial-alerts-${process.pid}.jsonl`);
    const toFile = await alertFile(file);
    const config = parse(await readFile(join(HERE, 'alertmanager/alertmanager.yml'), 'utf8'));
    hurry(config, { slack: slack.url, file: toFile.url });
    const alertmanager = await startAlertmanager(config);
    const broken = await target();
    const prometheus = await startPrometheus({
      rules: RULES,
      targets: { perennial: [broken.address] },
      alertmanager: alertmanager.address,
    });
    try {
      await until(() => slack.bodies.length > 0);
      const [message] = slack.bodies.map((body) => JSON.parse(body));
      const text = JSON.stringify(message);
      expect(text).toContain('SwapFailed (infections)');
      expect(text).toContain('A bundle of infections was not taken over: refused.');
      expect(text).toContain('docs/runbooks/swap-failed.md');
      const lines = await until(async () => {
        const written = await readFile(file, 'utf8').catch(() => '');
        return written.length > 0 && written.trim().split('\n');
      });
      expect(JSON.parse(lines[0])).toMatchObject({ status: 'firing', labels: { alertname: 'SwapFailed' } });
      // The same alert again and again is one message.
      await wait(2_000);
      expect(slack.bodies.filter((body) => body.includes('SwapFailed'))).toHaveLength(1);
    } finally {
      await Promise.allSettled([
        prometheus.stop(),
        alertmanager.stop(),
        broken.close(),
        slack.close(),
        toFile.stop(),
      ]);
      await rm(file, { force: true });
    }
  });
});

/** Groups wait less: the rest of the configuration is the one that is shipped. */
function hurry(config: ReturnType<typeof parse>, at: { slack: string; file: string }): void {
  Object.assign(config.route, { group_wait: '1s', group_interval: '1s' });
  config.route.routes[0].group_wait = '1s';
  const [receiver] = config.receivers;
  delete receiver.slack_configs[0].api_url_file;
  receiver.slack_configs[0].api_url = at.slack;
  receiver.webhook_configs[0].url = at.file;
}

/** Answers with a counter that goes from 0 to 1 after its first scrapes: a bundle was refused. */
async function target(): Promise<{ address: string; close(): Promise<void> }> {
  let scrapes = 0;
  const server = createServer((_request, response) => {
    const refused = scrapes++ < 3 ? 0 : 1;
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end(
      `# TYPE perennial_swaps_total counter\nperennial_swaps_total{model="infections",kind="bundle",result="refused"} ${refused}\n`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function listener(): Promise<{ url: string; bodies: string[]; close(): Promise<void> }> {
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    bodies.push(body);
    response.end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    bodies,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function alertFile(file: string): Promise<{ url: string; stop(): Promise<void> }> {
  const server = await ServerProcess.start({
    name: 'alert-file',
    limitMs: 30_000,
    command: async ({ port }) => ({
      file: process.execPath,
      // By its address: the server runs in a folder of its own.
      args: [
        '--import',
        pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href,
        join(HERE, 'alert-file/main.ts'),
      ],
      env: { ALERT_FILE: file, PORT: String(port), HOST: '127.0.0.1' },
    }),
    ready: async ({ port }) => (await fetch(`http://127.0.0.1:${port}/health`)).ok,
  });
  return { url: `http://127.0.0.1:${server.port}/`, stop: () => server.stop() };
}

/** Questions of each kind, some of them out of range, a few that cannot be understood. */
async function underLoad(service: string, signal: AbortSignal): Promise<void> {
  const values = (level: number) => Array.from({ length: 28 }, () => level);
  for (let n = 0; !signal.aborted; n++) {
    const row = { tract: '001', time: '2026-06-30', values: values(n % 5 === 0 ? 1e6 : 100) };
    const body = JSON.stringify({ rows: [row, row] });
    await Promise.all([
      fetch(`${service}/forecast?lat=40.5&lon=-75.5`),
      fetch(`${service}/forecast?lat=91&lon=0`),
      fetch(`${service}/predict`, { method: 'POST', body, headers: { 'content-type': 'application/json' } }),
    ]).catch(() => {});
    await wait(20);
  }
}

/** @returns how many series answer */
async function ask(prometheus: string, expr: string): Promise<number> {
  const response = await fetch(`${prometheus}/api/v1/query?query=${encodeURIComponent(expr)}`);
  const body = (await response.json()) as { status: string; error?: string; data?: { result: unknown[] } };
  if (body.status !== 'success') throw new Error(`${expr}: ${body.error}`);
  return body.data?.result.length ?? 0;
}

async function until<T>(look: () => T | Promise<T>, limitMs = 60_000): Promise<Exclude<T, false>> {
  for (const end = Date.now() + limitMs; Date.now() < end; await wait(200)) {
    const found = await look();
    if (found) return found as Exclude<T, false>;
  }
  throw new Error(`not within ${limitMs} ms`);
}
