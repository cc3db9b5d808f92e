import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const ENVIRONMENT = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'git-host',
  GIT_AUTHOR_EMAIL: 'git-host@localhost',
  GIT_COMMITTER_NAME: 'git-host',
  GIT_COMMITTER_EMAIL: 'git-host@localhost',
};

/** Written at once: a process for each setting would be most of the time that a host takes to start. Of `refs/pull` GitHub
 *  lets nobody push anything. */
const CONFIG = `[http]
\treceivepack = true
[uploadpack]
\tallowAnySHA1InWant = true
\tallowFilter = true
[gc]
\tauto = 0
[receive]
\thideRefs = refs/pull
`;

export interface Person {
  name: string;
  email: string;
}

/** A real bare repository. Shas are 40 hex digits; refs are whole: `refs/heads/master`. */
export class Bare {
  constructor(readonly folder: string) {}

  static async make(folder: string, defaultBranch: string): Promise<Bare> {
    await mkdir(folder, { recursive: true });
    const bare = new Bare(folder);
    await bare.git(['init', '-q', '--bare', `--initial-branch=${defaultBranch}`, folder]);
    await appendFile(join(folder, 'config'), CONFIG);
    const hook = join(dirname(fileURLToPath(import.meta.url)), 'pre-receive.mjs');
    await writeFile(
      join(folder, 'hooks', 'pre-receive'),
      `#!/bin/sh
[ -z "$GIT_HOST_ASK" ] || exec "${process.execPath}" "${hook}"
`,
      { mode: 0o755 },
    );
    return bare;
  }

  async git(
    args: string[],
    options: { input?: string | Buffer; env?: Record<string, string> } = {},
  ): Promise<string> {
    const { stdout } = await execa('git', args, {
      cwd: this.folder,
      env: { ...ENVIRONMENT, ...options.env },
      input: options.input,
      timeout: 60_000,
      stripFinalNewline: true,
    });
    return stdout;
  }

  /** Commit that a ref, a branch's whole name or a (short) sha means; null: none. */
  async commitOf(name: string): Promise<string | null> {
    return this.git(['rev-parse', '-q', '--verify', '--end-of-options', `${name}^{commit}`]).catch(
      () => null,
    );
  }

  head(branch: string): Promise<string | null> {
    return this.commitOf(`refs/heads/${branch}`);
  }

  async refs(prefix: string): Promise<{ ref: string; sha: string; type: string }[]> {
    const lines = await this.git(['for-each-ref', '--format=%(refname) %(objectname) %(objecttype)', prefix]);
    return lines
      .split('\n')
      .filter(Boolean)
      .map((line) => {
        const [ref, sha, type] = line.split(' ');
        return { ref, sha, type };
      });
  }

  async isAncestor(older: string, newer: string): Promise<boolean> {
    return this.git(['merge-base', '--is-ancestor', older, newer]).then(
      () => true,
      () => false,
    );
  }

  /** Moves a ref from where it was believed to be; an empty `from`: it must be new. */
  async move(ref: string, to: string, from: string): Promise<boolean> {
    return this.git(['update-ref', ref, to, from || '0'.repeat(40)]).then(
      () => true,
      () => false,
    );
  }

  async remove(ref: string): Promise<void> {
    await this.git(['update-ref', '-d', ref]);
  }

  /** Tree of both sides merged; null: they conflict. */
  async mergedTree(ours: string, theirs: string): Promise<string | null> {
    const tree = await this.git(['merge-tree', '--write-tree', '--no-messages', ours, theirs]).catch(
      () => null,
    );
    return tree === null ? null : tree.split('\n')[0];
  }

  async commitTree(tree: string, parents: string[], message: string, author: Person): Promise<string> {
    return this.git(['commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent])], {
      input: `${message}\n`,
      env: {
        GIT_AUTHOR_NAME: author.name,
        GIT_AUTHOR_EMAIL: author.email,
        GIT_COMMITTER_NAME: 'GitHub',
        GIT_COMMITTER_EMAIL: 'noreply@github.com',
      },
    });
  }
}
