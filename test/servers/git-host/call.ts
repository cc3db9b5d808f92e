import type { Actor, Rights, State } from './state.ts';

/** A request that was understood: who asks, and what. */
export interface Call {
  state: State;
  actor: Actor;
  /** Values of the path's template, decoded. */
  path: Record<string, string>;
  query: Record<string, unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: checked against GitHub's description before a route sees it
  body: any;
  /** What kind of answer is asked for. */
  accept: string;
  links: Links;
  /** Tells tests and workflows what happened. */
  emit(event: string, action: string | null, payload: Record<string, unknown>): void;
  /** After refs changed: pull requests follow. */
  refsMoved(): Promise<void>;
}

/** Addresses of this host. */
export interface Links {
  api: string;
  server: string;
}

export type Answer =
  | { status: number; body?: unknown; headers?: Record<string, string> }
  /** A list that is cut into pages; `wrap` where GitHub puts it into an object. */
  | { list: unknown[]; wrap?: (items: unknown[], total: number) => unknown };

export interface Route {
  /** Alternatives, each a set of rights that together suffice; none: everybody who may see the repository. */
  needs: Rights[];
  answer(call: Call): Answer | Promise<Answer>;
}

export type Routes = Record<string, Route>;

/** An answer that is no. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly more: { errors?: unknown[]; headers?: Record<string, string> } = {},
  ) {
    super(message);
  }
}

export const ok = (body: unknown): Answer => ({ status: 200, body });
export const created = (body: unknown): Answer => ({ status: 201, body });
export const nothing = (): Answer => ({ status: 204 });
export const notFound = () => new Refusal(404, 'Not Found');
export const invalid = (resource: string, field: string, message: string) =>
  new Refusal(422, 'Validation Failed', { errors: [{ resource, code: 'custom', field, message }] });
