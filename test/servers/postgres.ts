import { existsSync, readdirSync } from 'node:fs';
import { chown, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { ServerProcess } from './server-process.ts';

const DEBIAN = '/usr/lib/postgresql';
const USER = 'postgres';

/** A PostgreSQL of the machine's own (Debian: `apt-get install postgresql`) with an empty database, on loopback. */
export class PostgresServer {
  private constructor(
    readonly port: number,
    readonly password: string,
    private readonly process: ServerProcess,
  ) {}

  /** Whether this machine has one. */
  static available(): boolean {
    return binaries() !== null;
  }

  /** User and database are both called by `name`. */
  static async start({ name, password }: { name: string; password: string }): Promise<PostgresServer> {
    const bin = binaries();
    if (bin === null) throw new Error('no PostgreSQL here; Debian: apt-get install postgresql');
    const process = await ServerProcess.start({
      name: 'postgres',
      limitMs: 60_000,
      command: async ({ port, folder }) => {
        await makeCluster(bin, folder, { name, password });
        const [file, ...args] = [
          ...unprivileged(),
          ...[join(bin, 'postgres'), '-D', join(folder, 'data'), '-p', String(port)],
          ...[
            '-c',
            'listen_addresses=127.0.0.1',
            '-c',
            `unix_socket_directories=${folder}`,
            '-c',
            'fsync=off',
          ],
        ];
        return { file, args };
      },
      ready: async ({ port }) => {
        const address = ['-h', '127.0.0.1', '-p', String(port), '-U', name, '-w'];
        const env = { PGPASSWORD: password };
        await execa(join(bin, 'psql'), [...address, '-d', 'postgres', '-c', `CREATE DATABASE "${name}"`], {
          env,
          timeout: 10_000,
        });
        return true;
      },
    });
    return new PostgresServer(process.port, password, process);
  }

  stop(): Promise<void> {
    return this.process.stop();
  }
}

function binaries(): string | null {
  if (!existsSync(DEBIAN)) return null;
  const versions = readdirSync(DEBIAN).filter((version) =>
    existsSync(join(DEBIAN, version, 'bin', 'initdb')),
  );
  const newest = versions.sort((a, b) => Number(a) - Number(b)).at(-1);
  return newest === undefined ? null : join(DEBIAN, newest, 'bin');
}

async function makeCluster(
  bin: string,
  folder: string,
  { name, password }: { name: string; password: string },
): Promise<void> {
  const pwfile = join(folder, 'password');
  await writeFile(pwfile, password, { mode: 0o600 });
  if (isRoot()) {
    const [uid, gid] = [await idOf('-u'), await idOf('-g')];
    for (const path of [folder, pwfile]) await chown(path, uid, gid);
  }
  const [file, ...args] = [
    ...unprivileged(),
    ...[join(bin, 'initdb'), '-D', join(folder, 'data'), '-U', name, `--pwfile=${pwfile}`],
    ...['--auth=scram-sha-256', '--no-sync', '-E', 'UTF8', '--locale=C.UTF-8'],
  ];
  await execa(file, args, { cwd: folder, timeout: 60_000 });
}

/** PostgreSQL refuses to run as root. */
function unprivileged(): string[] {
  return isRoot() ? ['runuser', '-u', USER, '--'] : [];
}

const isRoot = () => process.getuid?.() === 0;

async function idOf(which: '-u' | '-g'): Promise<number> {
  return Number((await execa('id', [which, USER])).stdout);
}
