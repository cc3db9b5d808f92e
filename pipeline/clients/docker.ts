import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { Container, Image } from './docker-answers.ts';
import { absent, DockerError, type DockerOptions, runDocker } from './docker-run.ts';

const MINUTE = 60_000;
/** A first build installs packages; a push sends layers over a slow line. */
const LIMITS = { build: 20 * MINUTE, transfer: 15 * MINUTE, other: MINUTE };

export interface BuildOptions {
  context: string;
  tags: string[];
  args?: Record<string, string>;
  labels?: Record<string, string>;
  /** `host` where the builder's own network reaches no package registry. */
  network?: string;
  /** On the newest base, and nothing taken from earlier builds. */
  fresh?: boolean;
}

export interface RunOptions {
  image: string;
  name?: string;
  /** Default: Docker's bridge. */
  network?: string;
  /** `127.0.0.1:8080:8080` */
  ports?: string[];
  /** Seen by everybody who may list processes: no secrets. */
  env?: Record<string, string>;
  /** The root file system cannot be written to; `/tmp` is in memory. */
  readOnly?: boolean;
  /** `name:/state` or `/folder:/state:ro` */
  volumes?: string[];
  labels?: Record<string, string>;
  memory?: string;
  cpus?: string;
  /** Reached on its network by these names too. */
  aliases?: string[];
  /** In place of the image's own. */
  command?: string[];
}

/** A step of an image's making, the newest first. */
export interface Layer {
  createdBy: string;
  bytes: number;
}

/** The engine that DOCKER_HOST names, or this machine's own. Every call ends within its limit.
 *  @throws DockerError with Docker's words */
export function dockerAt(options: DockerOptions = {}) {
  const docker = (args: string[], limitMs = LIMITS.other) => runDocker(args, limitMs, options);
  /** @returns null where there is no such thing */
  async function inspect<T extends z.ZodType>(kind: string, name: string, schema: T) {
    const found = await absent(docker([kind, 'inspect', name]));
    return found && z.array(schema).length(1).parse(JSON.parse(found.stdout))[0];
  }

  return {
    /** Version of the engine; null where none answers. */
    async version(): Promise<string | null> {
      const answer = await docker(['version', '--format', '{{.Server.Version}}']).catch(() => null);
      return answer?.stdout.trim() || null;
    },
    /** @returns the image's id */
    async build({ context, tags, args = {}, labels = {}, network, fresh }: BuildOptions): Promise<string> {
      const folder = await mkdtemp(join(tmpdir(), 'perennial-build-'));
      try {
        const id = join(folder, 'id');
        const given = [
          ...tags.flatMap((tag) => ['--tag', tag]),
          ...pairs('--build-arg', args),
          ...pairs('--label', labels),
          ...(network ? ['--network', network] : []),
          ...(fresh ? ['--pull', '--no-cache'] : []),
        ];
        await docker(['build', '--iidfile', id, ...given, context], LIMITS.build);
        return (await readFile(id, 'utf8')).trim();
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    /** @param password a secret: it goes in by the standard input, and is withheld from what Docker says */
    async login(registry: string, { user, password }: { user: string; password: string }): Promise<void> {
      await runDocker(['login', '--username', user, '--password-stdin', registry], LIMITS.other, {
        ...options,
        input: password,
      });
    },
    async tag(image: string, as: string): Promise<void> {
      await docker(['tag', image, as]);
    },
    /** @returns the digest that the registry keeps it under */
    async push(reference: string): Promise<string> {
      const { output } = await docker(['push', reference], LIMITS.transfer);
      const digest = /digest: (sha256:[0-9a-f]{64})/.exec(output)?.[1];
      if (digest) return digest;
      throw new DockerError('failed', `docker push ${reference} named no digest:\n${output.slice(-500)}`);
    },
    async pull(reference: string): Promise<void> {
      await docker(['pull', '--quiet', reference], LIMITS.transfer);
    },
    /** Starts a container. @returns its id */
    async run(wanted: RunOptions): Promise<string> {
      const { stdout } = await docker(['run', '--detach', ...runFlags(wanted)]);
      return stdout.trim().split('\n').at(-1) ?? '';
    },
    /** What it wrote, both streams. @param tail the last lines alone */
    async logs(container: string, { tail }: { tail?: number } = {}): Promise<string> {
      return (await docker(['logs', '--tail', tail === undefined ? 'all' : String(tail), container])).output;
    },
    /** SIGTERM; killed after the grace. @returns its exit code */
    async stop(container: string, { graceSeconds = 15 }: { graceSeconds?: number } = {}): Promise<number> {
      await docker(['stop', '--time', String(graceSeconds), container], graceSeconds * 1000 + LIMITS.other);
      return (await inspect('container', container, Container))?.State.ExitCode ?? -1;
    },
    /** Ends it at once. @param signal default: KILL */
    async kill(container: string, signal = 'KILL'): Promise<void> {
      await docker(['kill', '--signal', signal, container]);
    },
    /** Takes a container away, running or not, with its nameless volumes; one that is not there is no error. */
    async remove(container: string): Promise<void> {
      await absent(docker(['rm', '--force', '--volumes', container]));
    },
    inspect: (container: string): Promise<Container | null> => inspect('container', container, Container),
    image: (reference: string): Promise<Image | null> => inspect('image', reference, Image),
    async history(image: string): Promise<Layer[]> {
      const format = ['--no-trunc', '--human=false', '--format', '{{json .}}'];
      const { stdout } = await docker(['history', ...format, image]);
      return lines(stdout).map((line) => {
        const { CreatedBy, Size } = z
          .object({ CreatedBy: z.string(), Size: z.coerce.number() })
          .parse(JSON.parse(line));
        return { createdBy: CreatedBy, bytes: Size };
      });
    },
    /** Tags and ids of the images whose labels or names are these. @param filter `label=perennial.models` */
    async images(filter?: string): Promise<{ reference: string; id: string }[]> {
      const filters = filter ? ['--filter', filter] : [];
      const format = ['--no-trunc', '--format', '{{.Repository}}:{{.Tag}} {{.ID}}'];
      const { stdout } = await docker(['images', ...filters, ...format]);
      return lines(stdout).map((line) => {
        const [reference, id] = line.split(' ');
        return { reference, id };
      });
    },
    async removeImage(reference: string): Promise<void> {
      await absent(docker(['rmi', '--force', reference]));
    },
    /** A command inside of a running container. @returns what it wrote */
    async exec(container: string, command: string[]): Promise<string> {
      return (await docker(['exec', container, ...command])).output;
    },
    async removeVolume(name: string): Promise<void> {
      await absent(docker(['volume', 'rm', '--force', name]));
    },
    async createNetwork(name: string): Promise<void> {
      await docker(['network', 'create', name]);
    },
    async removeNetwork(name: string): Promise<void> {
      await absent(docker(['network', 'rm', name]));
    },
  };
}
export type Docker = ReturnType<typeof dockerAt>;

function runFlags(wanted: RunOptions): string[] {
  const { image, name, network, memory, cpus, readOnly, command = [] } = wanted;
  return [
    ...(name ? ['--name', name] : []),
    ...(network ? ['--network', network] : []),
    ...(memory ? ['--memory', memory] : []),
    ...(cpus ? ['--cpus', cpus] : []),
    ...(readOnly ? ['--read-only', '--tmpfs', '/tmp'] : []),
    ...(wanted.ports ?? []).flatMap((port) => ['--publish', port]),
    ...(wanted.volumes ?? []).flatMap((volume) => ['--volume', volume]),
    ...(wanted.aliases ?? []).flatMap((alias) => ['--network-alias', alias]),
    ...pairs('--env', wanted.env ?? {}),
    ...pairs('--label', wanted.labels ?? {}),
    image,
    ...command,
  ];
}

const pairs = (flag: string, values: Record<string, string>) =>
  Object.entries(values).flatMap(([name, value]) => [flag, `${name}=${value}`]);

const lines = (text: string) => text.split('\n').filter(Boolean);
