import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { ServerProcess } from './server-process.ts';

const LIMIT_MS = 30_000;

/** Whether a program of the monitoring is on this machine; said once where it is not. */
export async function hasProgram(name: string): Promise<boolean> {
  const { failed } = await execa(name, ['--version'], { reject: false, timeout: LIMIT_MS });
  if (failed)
    process.stderr.write(
      `${name} is not on this machine: its part is skipped (Debian: apt install prometheus)\n`,
    );
  return !failed;
}

/** A Prometheus with this repository's rules on loopback.
 *  @param options.targets job → addresses that it scrapes, every second
 *  @param options.rules a folder; copied */
export async function startPrometheus(options: {
  rules: string;
  targets: Record<string, string[]>;
  alertmanager?: string;
}): Promise<{ url: string; stop(): Promise<void> }> {
  const server = await ServerProcess.start({
    name: 'prometheus',
    limitMs: LIMIT_MS,
    command: async ({ port, folder }) => {
      await cp(options.rules, join(folder, 'rules'), { recursive: true });
      const config = {
        global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
        rule_files: ['rules/*.yml'],
        scrape_configs: Object.entries(options.targets).map(([job, targets]) => ({
          job_name: job,
          static_configs: [{ targets }],
        })),
        ...(options.alertmanager && {
          alerting: { alertmanagers: [{ static_configs: [{ targets: [options.alertmanager] }] }] },
        }),
      };
      // JSON is YAML.
      await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config));
      return {
        file: 'prometheus',
        args: [
          `--config.file=${join(folder, 'prometheus.yml')}`,
          `--storage.tsdb.path=${join(folder, 'data')}`,
          `--web.listen-address=127.0.0.1:${port}`,
          '--log.level=warn',
        ],
      };
    },
    ready: async ({ port }) => (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok,
  });
  return { url: `http://127.0.0.1:${server.port}`, stop: () => server.stop() };
}

/** An Alertmanager on loopback.
 *  @param config its configuration */
export async function startAlertmanager(
  config: unknown,
): Promise<{ address: string; stop(): Promise<void> }> {
  const server = await ServerProcess.start({
    name: 'alertmanager',
    limitMs: LIMIT_MS,
    command: async ({ port, folder }) => {
      await mkdir(join(folder, 'data'));
      await writeFile(join(folder, 'alertmanager.yml'), JSON.stringify(config));
      return {
        file: 'prometheus-alertmanager',
        args: [
          `--config.file=${join(folder, 'alertmanager.yml')}`,
          `--storage.path=${join(folder, 'data')}`,
          `--web.listen-address=127.0.0.1:${port}`,
          '--cluster.listen-address=',
          '--log.level=warn',
        ],
      };
    },
    ready: async ({ port }) => (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok,
  });
  return { address: `127.0.0.1:${server.port}`, stop: () => server.stop() };
}

/** A node exporter on loopback. */
export async function startNodeExporter(): Promise<{ address: string; stop(): Promise<void> }> {
  const server = await ServerProcess.start({
    name: 'node-exporter',
    limitMs: LIMIT_MS,
    command: async ({ port }) => ({
      file: 'prometheus-node-exporter',
      args: [`--web.listen-address=127.0.0.1:${port}`],
    }),
    ready: async ({ port }) => (await fetch(`http://127.0.0.1:${port}/metrics`)).ok,
  });
  return { address: `127.0.0.1:${server.port}`, stop: () => server.stop() };
}
