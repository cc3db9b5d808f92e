import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Monitor } from '../monitor/monitor.ts';
import { ProblemError } from '../problem.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** For what is called where no route was found.
     *  @throws ProblemError 405 where the path is served by another method */
    refuseOtherMethod(request: FastifyRequest, reply: FastifyReply): void;
  }
}

/** Where a path is served and the method is not, 405 with `Allow` says more than 404 (RFC 9110). Remembers the routes that are
 *  registered from now on; looks at them only where no route was found, so that it costs the others nothing. */
export function knowMethods(app: FastifyInstance, { requests }: Pick<Monitor, 'requests'>): void {
  const served = new Map<string, { path: RegExp; methods: Set<string> }>();
  app.addHook('onRoute', ({ url, method }) => {
    const known = served.get(url) ?? { path: patternOf(url), methods: new Set<string>() };
    for (const one of [method].flat()) known.methods.add(one.toUpperCase());
    served.set(url, known);
  });
  app.decorate('refuseOtherMethod', ({ method, url }: FastifyRequest, reply: FastifyReply) => {
    const asked = url.split('?')[0];
    const methods = [...served.values()].flatMap((one) => (one.path.test(asked) ? [...one.methods] : []));
    if (methods.length === 0) return;
    const allowed = [...new Set(methods)].sort().join(', ');
    requests.inc({ route: 'unknown', method: methodLabel(method), status: 405 });
    reply.header('allow', allowed);
    throw new ProblemError('method', {
      status: 405,
      title: 'Not by this method',
      detail: `${asked.slice(0, 200)} is asked by ${allowed}, not by ${method}`,
    });
  });
}

/** Label of a method: what a client writes there is not ours. */
export function methodLabel(method: string): string {
  return ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].includes(method) ? method : 'other';
}

function patternOf(url: string): RegExp {
  const parts = url
    .split('/')
    .map((part) => (part.startsWith(':') ? '[^/]+' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')));
  return new RegExp(`^${parts.join('/')}$`);
}
