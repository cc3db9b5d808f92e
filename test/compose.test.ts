import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { REPOSITORY } from '../pipeline/workspace.ts';
import { compose } from './compose.testing.ts';

/** The image brings its own; of the others each has one here. */
const OWN_HEALTHCHECK = ['service'];

describe('compose.yaml', () => {
  it('pins images, restarts, checks health, has limits and cannot be written to', async () => {
    const { services } = await compose();
    expect(Object.keys(services)).toEqual([
      'service',
      'prometheus',
      'alertmanager',
      'alert-file',
      'grafana',
      'node-exporter',
    ]);
    for (const [name, service] of Object.entries(services)) {
      expect(service.image, name).toMatch(
        name === 'service' ? /^perennial:local$/ : /:v?\d+[.\d]*(-[\w-]+)?$/,
      );
      expect(service.restart).toBe('unless-stopped');
      expect(service.read_only).toBe(true);
      expect(service.cap_drop).toEqual(['ALL']);
      expect(service.security_opt).toContain('no-new-privileges:true');
      expect(service.deploy.resources.limits.memory).toMatch(/^\d+[mg]$/);
      if (!OWN_HEALTHCHECK.includes(name)) expect(service.healthcheck?.test[0], name).toBe('CMD');
    }
  });

  it('listens on loopback alone, until it is told otherwise', async () => {
    const ports = async (env = {}) =>
      Object.values((await compose(env)).services).flatMap((one) => one.ports);
    for (const port of await ports()) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    for (const port of await ports({ PERENNIAL_ADDRESS: '0.0.0.0' })) expect(port).toMatch(/^0\.0\.0\.0:/);
  });

  it('mounts what is there, read-only, and keeps what is written in volumes of its own', async () => {
    const { services, volumes } = await compose();
    const used = Object.values(services).flatMap((one) => one.volumes);
    expect(used.length).toBeGreaterThan(8);
    for (const volume of used) {
      const [from, , mode = ''] = volume.split(':');
      if (/^[./]/.test(from)) {
        expect(existsSync(join(REPOSITORY, from)) || from === '/', volume).toBe(true);
        expect(mode, volume).toMatch(/^ro/);
      } else expect(volumes).toHaveProperty(from);
    }
  });

  it('holds no secret', async () => {
    const text = await readFile(join(REPOSITORY, 'compose.yaml'), 'utf8');
    const lines = text.split('\n').filter((line) => /^\s*\w*(PASSWORD|SECRET|TOKEN|_KEYS?)\w*:/.test(line));
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) expect(line).toMatch(/: \$\{\w+:-\}$/);
  });

  it('has all that Prometheus and Alertmanager ask for, under their names', async () => {
    const { services, secrets } = await compose();
    const text = await readFile(join(REPOSITORY, 'monitoring/prometheus/prometheus.yml'), 'utf8');
    const targets = JSON.stringify(parse(text)).match(/[\w-]+:\d+(?=")/g) ?? [];
    expect(targets.length).toBeGreaterThan(3);
    for (const target of targets) {
      const [host] = target.split(':');
      if (host !== 'localhost') expect(Object.keys(services), target).toContain(host);
    }
    const alerts = await readFile(join(REPOSITORY, 'monitoring/alertmanager/alertmanager.yml'), 'utf8');
    for (const [, host] of alerts.matchAll(/http:\/\/([\w-]+):\d+/g)) expect(services).toHaveProperty(host);
    for (const [, secret] of alerts.matchAll(/\/run\/secrets\/(\w+)/g)) {
      expect(services.alertmanager.secrets).toContain(secret);
      expect(secrets).toHaveProperty(secret);
    }
    const dashboards = z
      .object({ providers: z.array(z.object({ options: z.object({ path: z.string() }) })) })
      .parse(
        parse(
          await readFile(
            join(REPOSITORY, 'monitoring/grafana/provisioning/dashboards/perennial.yml'),
            'utf8',
          ),
        ),
      );
    expect(services.grafana.volumes.map((one) => one.split(':')[1])).toContain(
      dashboards.providers[0].options.path,
    );
  });
});
