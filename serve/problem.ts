import type { FastifyReply } from 'fastify';

export interface Problem {
  status: number;
  title: string;
  detail: string;
  /** Members of its own, such as the nearest tract. */
  facts?: Record<string, unknown>;
}

/** An answer other than the one hoped for, as RFC 9457 writes it. */
export class ProblemError extends Error {
  readonly kind: string;
  readonly problem: Problem;

  constructor(kind: string, problem: Problem) {
    super(problem.detail);
    this.name = 'ProblemError';
    this.kind = kind;
    this.problem = problem;
  }
}

/** @param kind a short name that stays the same, for machines */
export function sendProblem(reply: FastifyReply, kind: string, { status, title, detail, facts }: Problem) {
  leaveBody(reply);
  return reply
    .code(status)
    .type('application/problem+json')
    .send({ type: `urn:perennial:problem:${kind}`, title, status, detail, ...facts });
}

/** Ends the connection after this answer where a body was not read whole: else its rest would be waited for, however long it is. */
export function leaveBody(reply: FastifyReply): void {
  const { complete, headers } = reply.request.raw;
  const bodied = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  if (bodied && !complete) reply.header('connection', 'close');
}
