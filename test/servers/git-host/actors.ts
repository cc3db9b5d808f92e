import { createPublicKey, createVerify } from 'node:crypto';
import { Refusal } from './call.ts';
import type { Actor, App, Level, Rights, State } from './state.ts';

/** Who a request says it comes from. @throws Refusal 401 */
export function actorOf(state: State, authorization: string | undefined): Actor {
  if (!authorization) return { kind: 'nobody' };
  const [scheme, value = ''] = authorization.split(/ +/);
  const token = scheme.toLowerCase() === 'basic' ? passwordOf(value) : value;
  if (/^ey[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return { kind: 'app', app: signer(state, token) };
  const actor = state.tokens.get(token);
  const ends = actor && 'expires' in actor ? actor.expires : null;
  if (!actor || (ends !== null && ends <= state.clock())) throw new Refusal(401, 'Bad credentials');
  return actor;
}

function passwordOf(basic: string): string {
  const text = Buffer.from(basic, 'base64').toString('utf8');
  return text.slice(text.indexOf(':') + 1);
}

/** The App whose key signed a token, as GitHub checks it: RS256, ten minutes at most, a clock that agrees. */
function signer(state: State, jwt: string): App {
  const [head, claims, signature] = jwt.split('.');
  const header = JSON.parse(Buffer.from(head, 'base64url').toString('utf8'));
  const { iss, iat, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8'));
  const now = state.clock() / 1000;
  const app = state.apps.find((one) => String(one.id) === String(iss));
  const genuine =
    app &&
    header.alg === 'RS256' &&
    createVerify('RSA-SHA256')
      .update(`${head}.${claims}`)
      .verify(createPublicKey(app.publicKey), Buffer.from(signature, 'base64url'));
  if (!app || !genuine) throw new Refusal(401, 'A JSON web token could not be decoded');
  if (typeof exp !== 'number' || exp > now + 601) {
    throw new Refusal(401, "'Expiration time' claim ('exp') is too far in the future");
  }
  if (exp <= now)
    throw new Refusal(
      401,
      "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
    );
  if (typeof iat !== 'number' || iat > now + 60)
    throw new Refusal(
      401,
      "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
    );
  return app;
}

const HEIGHT: Record<Level, number> = { read: 1, write: 2, admin: 3 };
const OF_ROLE: Record<string, (right: string) => number> = {
  admin: () => 3,
  maintain: (right) => (right === 'administration' ? 1 : 2),
  write: (right) => (right === 'administration' || right === 'secrets' ? 1 : 2),
  triage: (right) => (right === 'issues' || right === 'pull_requests' ? 2 : 1),
  read: () => 1,
  none: () => 0,
};

/** @param needs alternatives, each a set of rights. @throws Refusal 403 that names them, 404 where nothing may be seen */
export function checkRights(state: State, actor: Actor, needs: Rights[]): void {
  if (
    needs.length === 0 ||
    needs.some((need) => Object.entries(need).every(([right, level]) => holds(state, actor, right, level)))
  )
    return;
  const accepted = needs
    .map((need) =>
      Object.entries(need)
        .map(([right, level]) => `${right}=${level}`)
        .join(','),
    )
    .join('; ');
  const headers = { 'x-accepted-github-permissions': accepted };
  if (actor.kind === 'installation')
    throw new Refusal(403, 'Resource not accessible by integration', { headers });
  if (actor.kind === 'app') throw new Refusal(401, 'Bad credentials');
  if (actor.kind === 'nobody') {
    if (state.repository.private) throw new Refusal(404, 'Not Found');
    throw new Refusal(401, 'Requires authentication');
  }
  const role = state.roles.get(actor.login) ?? 'none';
  if (role === 'none' && state.repository.private) throw new Refusal(404, 'Not Found', { headers });
  throw new Refusal(403, 'Must have admin rights to Repository.', { headers });
}

function holds(state: State, actor: Actor, right: string, level: Level): boolean {
  const open = !state.repository.private && level === 'read' && PUBLIC.has(right);
  if (open && actor.kind !== 'app') return true;
  if (actor.kind === 'installation') return HEIGHT[actor.rights[right] ?? ('none' as Level)] >= HEIGHT[level];
  if (actor.kind !== 'user') return false;
  const role = state.roles.get(actor.login) ?? 'none';
  // Whoever sees the repository may talk there, and open a pull request from a fork.
  const talks = (right === 'issues' || right === 'pull_requests') && level !== 'admin';
  if (talks && (role !== 'none' || !state.repository.private)) return true;
  return OF_ROLE[role](right) >= HEIGHT[level];
}

/** What a public repository shows to everybody. */
const PUBLIC = new Set(['metadata', 'contents', 'issues', 'pull_requests', 'actions', 'statuses', 'checks']);
