import { request } from 'undici';
import { z } from 'zod';
import { EXIT, PerennialError } from '../contracts/errors.ts';
import { basicAuth } from './home-secrets.ts';

/** A repository of images, as OCI's distribution API has it. */
export interface ImageHome {
  /** `https://ghcr.io`; http for a registry on this machine. */
  origin: string;
  /** `acme/perennial`. */
  repository: string;
  user?: string;
  /** A secret. */
  password?: string;
}

export interface ImageRegistry {
  tags(): Promise<string[]>;
  /** Digest of a tag's manifest; null where there is none. */
  digest(tag: string): Promise<string | null>;
  /** Gives an image that is there another name; a tag that is there already moves. */
  tag(digest: string, tag: string): Promise<void>;
  /** Takes a manifest away, with all tags that name it. @returns false where this registry does not let it be done */
  remove(digest: string): Promise<boolean>;
}

const ACCEPT = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');
const LIMIT_MS = 30_000;
const MOST_PAGES = 100;

/** @param written `ghcr.io/acme/perennial`; with `http://` before it where it has no TLS */
export function imageHome(written: string, login: { user?: string; password?: string } = {}): ImageHome {
  const [, scheme = 'https', host, repository] = /^(?:(https?):\/\/)?([^/]+)\/(.+?)\/?$/.exec(written) ?? [];
  // Docker Hub's API lives elsewhere than its name says.
  const at = host === 'docker.io' ? 'registry-1.docker.io' : host;
  if (host && repository) return { origin: `${scheme}://${at}`, repository, ...login };
  throw new PerennialError('IMAGE_REGISTRY names no repository of images', {
    exitCode: EXIT.usage,
    hint: 'write it as ghcr.io/owner/name',
  });
}

/** @param rights what is asked for, where the registry gives tokens: `pull,delete`, `pull,push` */
export function imageRegistryAt(home: ImageHome, rights = 'pull,delete'): ImageRegistry {
  let authorization = home.password ? `Basic ${basicAuth(home.user ?? '', home.password)}` : undefined;

  async function ask(
    method: 'GET' | 'HEAD' | 'DELETE' | 'PUT',
    path: string,
    { sent, again = true }: { sent?: { type: string; text: string }; again?: boolean } = {},
  ): Promise<Answer> {
    const { statusCode, headers, body } = await request(`${home.origin}${path}`, {
      method,
      headers: {
        accept: ACCEPT,
        ...(authorization && { authorization }),
        ...(sent && { 'content-type': sent.type }),
      },
      body: sent?.text,
      headersTimeout: LIMIT_MS,
      bodyTimeout: LIMIT_MS,
    }).catch((cause) => {
      throw new PerennialError(`the image registry ${home.origin} does not answer`, {
        cause,
        exitCode: EXIT.upstreamDown,
      });
    });
    const text = await body.text();
    const challenge = String(headers['www-authenticate'] ?? '');
    if (statusCode === 401 && again && /^bearer /i.test(challenge)) {
      authorization = `Bearer ${await token(challenge)}`;
      return ask(method, path, { sent, again: false });
    }
    if (statusCode === 401 || statusCode === 403) {
      throw new PerennialError(`the image registry ${home.origin} does not let us in (${statusCode})`, {
        exitCode: EXIT.usage,
        hint: 'set IMAGE_REGISTRY_USER and IMAGE_REGISTRY_PASSWORD to an account that may do that',
      });
    }
    if (statusCode >= 500) {
      throw new PerennialError(`the image registry ${home.origin} answered ${statusCode}`, {
        exitCode: EXIT.upstreamDown,
      });
    }
    return { status: statusCode, headers: headers as Record<string, string>, text };
  }

  /** As the registry's own challenge asks for it. */
  async function token(challenge: string): Promise<string> {
    const part = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1] ?? '';
    const address = new URL(part('realm'));
    address.searchParams.set('service', part('service'));
    address.searchParams.set('scope', `repository:${home.repository}:${rights}`);
    const { body } = await request(address, {
      headers: authorization ? { authorization } : {},
      headersTimeout: LIMIT_MS,
    });
    const answer = Token.parse(await body.json());
    return answer.token ?? answer.access_token ?? '';
  }

  const manifest = (reference: string) => `/v2/${home.repository}/manifests/${reference}`;
  return {
    async tags() {
      const all: string[] = [];
      let path: string | undefined = `/v2/${home.repository}/tags/list?n=1000`;
      for (let page = 0; path !== undefined && page < MOST_PAGES; page++) {
        const { status, text, headers }: Answer = await ask('GET', path);
        if (status === 404) return [];
        all.push(...(Tags.parse(JSON.parse(text)).tags ?? []));
        const next: string | undefined = /<([^>]+)>;\s*rel="next"/.exec(headers.link ?? '')?.[1];
        path = next && new URL(next, home.origin).pathname + new URL(next, home.origin).search;
      }
      return all;
    },
    async digest(tag) {
      const { status, headers } = await ask('HEAD', manifest(tag));
      return status === 200 ? (headers['docker-content-digest'] ?? null) : null;
    },
    async tag(digest, tag) {
      const { status, headers, text } = await ask('GET', manifest(digest));
      if (status !== 200) {
        throw new PerennialError(`the image registry ${home.origin} has no image ${digest.slice(0, 19)}`, {
          hint: 'was it deleted there? Run the release again: it pushes it anew',
        });
      }
      // The same bytes: their hash is the image's name.
      const sent = { type: headers['content-type'] ?? '', text };
      const answer = await ask('PUT', manifest(tag), { sent });
      if (answer.status !== 201 && answer.status !== 200) {
        throw new PerennialError(
          `the image registry ${home.origin} answered ${answer.status} to the tag ${tag}`,
          {
            exitCode: EXIT.upstreamDown,
          },
        );
      }
    },
    async remove(digest) {
      const { status } = await ask('DELETE', manifest(digest));
      return status === 202 || status === 200 || status === 404;
    },
  };
}

interface Answer {
  status: number;
  headers: Record<string, string>;
  text: string;
}

const Tags = z.object({ tags: z.array(z.string()).nullish() });
const Token = z.object({ token: z.string().optional(), access_token: z.string().optional() });
