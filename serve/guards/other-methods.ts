import type { FastifyInstance } from 'fastify';
import { ProblemError } from '../problem.ts';

/** Where a path is served and the method is not, 405 with `Allow` says more than 404 (RFC 9110). Of the routes that are
 *  registered from now on. They are looked at only where no route was found, and before a body is read. */
export function refuseOtherMethods(app: FastifyInstance): void {
  const served = new Map<string, { path: RegExp; methods: Set<string> }>();
  app.addHook('onRoute', ({ url, method }) => {
    const known = served.get(url) ?? { path: patternOf(url), methods: new Set<string>() };
    for (const one of [method].flat()) known.methods.add(one.toUpperCase());
    served.set(url, known);
  });
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done();
    const { method, url } = request;
    const asked = url.split('?')[0];
    const methods = [...served.values()].flatMap((one) => (one.path.test(asked) ? [...one.methods] : []));
    if (methods.length === 0) return done();
    const allowed = [...new Set(methods)].sort().join(', ');
    reply.header('allow', allowed);
    const detail = `${asked.slice(0, 200)} is asked by ${allowed}, not by ${method}`;
    done(new ProblemError('method', { status: 405, title: 'Not by this method', detail }));
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
