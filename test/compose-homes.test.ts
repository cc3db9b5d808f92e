import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readHomes } from '../pipeline/homes.ts';
import { REPOSITORY } from '../pipeline/workspace.ts';
import { homesCompose } from './compose-homes.testing.ts';

const NEW_ENV = join(REPOSITORY, 'homes', 'new-env.mjs');

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perennial-homes-'));
  file = join(folder, '.env');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const newEnv = () => execa(process.execPath, [NEW_ENV, file], { reject: false });
const written = async () => parseEnv(await readFile(file, 'utf8')) as Record<string, string>;

describe('compose.homes.yaml', () => {
  it('asks for every password, and says what to do', async () => {
    await newEnv();
    const env = await written();
    const asked = Object.keys(env).filter((name) => name.startsWith('HOMES_'));
    expect(asked).toHaveLength(5);
    for (const name of asked) {
      const without = homesCompose({ ...env, [name]: undefined });
      await expect(without).rejects.toThrow(`${name} is missing: run node homes/new-env.mjs first`);
    }
  });

  it('holds no password of its own', async () => {
    const text = await readFile(join(REPOSITORY, 'compose.homes.yaml'), 'utf8');
    const lines = text.split('\n').filter((line) => /(PASSWORD|SECRET|_KEY)\w*:/.test(line));
    expect(lines).toHaveLength(8);
    for (const line of lines) expect(line).toMatch(/: \$\{HOMES_\w+:\?[^}]+\}$/);
  });

  it('pins images, restarts, checks health, keeps data in volumes and listens on loopback alone', async () => {
    await newEnv();
    const { services, volumes } = await homesCompose(await written());
    for (const service of Object.values(services)) {
      expect(service.image).toMatch(/:v?\d+\.\d+(\.\d+)?(-\w+)?$/);
      expect(service.restart).toBe('unless-stopped');
      expect(service.healthcheck.test[0]).toBe('CMD');
      for (const port of service.ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
      for (const volume of service.volumes) expect(volumes).toHaveProperty(volume.split(':')[0]);
    }
    expect(services.postgres.ports).toEqual([]);
    expect(services.mlflow.build?.args.BASE).toMatch(/^python:3\.\d+\.\d+-/);
  });

  it('names the versions that the tests run', async () => {
    const requirements = await readFile(join(REPOSITORY, 'homes', 'requirements.txt'), 'utf8');
    const [, version] = /^mlflow==(.+)$/m.exec(requirements) ?? [];
    const text = await readFile(join(REPOSITORY, 'compose.homes.yaml'), 'utf8');
    expect(text).toContain(`image: perennial-mlflow:${version}\n`);
    for (const name of ['psycopg2-binary', 'boto3']) {
      expect(requirements).toMatch(new RegExp(`^${name}==\\d`, 'm'));
    }
  });
});

describe('homes/new-env.mjs', () => {
  it('writes a file that Docker and Perennial both read, for its owner alone', async () => {
    expect((await newEnv()).exitCode).toBe(0);
    const env = await written();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const { mlflow, remote } = await readHomes({}, { repository: folder });
    const { services } = await homesCompose(env);
    const { environment } = services.mlflow;
    expect(mlflow).toMatchObject({
      url: 'http://127.0.0.1:5000',
      username: environment.MLFLOW_AUTH_ADMIN_USERNAME,
      password: environment.MLFLOW_AUTH_ADMIN_PASSWORD,
    });
    expect(remote?.config).toMatchObject({
      url: `s3://${environment.HOMES_BUCKET}/dvc`,
      endpointurl: 'http://127.0.0.1:7070',
      access_key_id: services.s3.environment.ROOT_ACCESS_KEY,
      secret_access_key: services.s3.environment.ROOT_SECRET_KEY,
    });
    expect(services.mlflow.ports[0]).toMatch(/^127\.0\.0\.1:5000:/);
    expect(services.s3.ports[0]).toMatch(/^127\.0\.0\.1:7070:/);
  });

  it('makes other passwords each time, long ones', async () => {
    await newEnv();
    const first = await written();
    await rm(file);
    await newEnv();
    const second = await written();
    for (const name of ['HOMES_MLFLOW_PASSWORD', 'HOMES_POSTGRES_PASSWORD', 'HOMES_S3_SECRET_KEY']) {
      expect(first[name].length).toBeGreaterThanOrEqual(24);
      expect(first[name]).not.toBe(second[name]);
    }
  });

  it('keeps what the file holds, and touches nothing where homes are set already', async () => {
    await writeFile(file, 'TZ=Europe/Rome\n');
    await chmod(file, 0o644);
    expect((await newEnv()).exitCode).toBe(0);
    expect((await written()).TZ).toBe('Europe/Rome');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const before = await readFile(file, 'utf8');
    const { exitCode, stderr } = await newEnv();
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/sets \w+ already, nothing was changed/);
    expect(await readFile(file, 'utf8')).toBe(before);
  });
});
