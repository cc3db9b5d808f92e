import { ProblemError } from '../problem.ts';
import { isInShare } from './canary-share.ts';
import { type Edition, editionOf } from './edition.ts';
import type { LoadedModel } from './model.ts';
import type { LoadedPack } from './pack.ts';

/** How a request that an edition answered went. */
export interface Outcome {
  /** Pattern of the route: times of different routes cannot be compared. */
  route: string;
  ms: number;
  /** Answered with 5xx, or not at all. */
  failed: boolean;
}

/** What a request asked, so that another edition can be asked the same: the numbers of its answer. */
export type Again = (edition: Edition) => ArrayLike<number>;

/** Who wants to know how the answers go: a bundle on trial. */
export interface Watcher {
  observe(edition: Edition, outcome: Outcome): void;
  again(again: Again, route: string): void;
}

/** How it goes with what the slot follows, for `/health/ready`. */
export interface Following {
  where: string;
  /** When the source last answered; null: not yet. */
  lastSuccess: Date | null;
  /** What is wrong now; null: nothing. */
  failing: { since: Date; reason: string } | null;
}

/** One model's place in the service. What is asked is decided by one assignment: a request sees an edition whole, and keeps it. */
export class Slot {
  #current: Edition | null = null;
  #canary: { edition: Edition; share: number } | null = null;
  /** Set by whoever runs trials. */
  watcher: Watcher | null = null;
  /** null: nothing is followed. */
  following: Following | null = null;

  constructor(readonly name: string) {}

  get current(): Edition | null {
    return this.#current;
  }

  /** A second edition that answers a share of the keys; mostly there is none. */
  get canary(): Edition | null {
    return this.#canary?.edition ?? null;
  }

  /** The edition that answers a request.
   *  @param key who asks: the same key is sent to the same edition as long as two are served; asked for only then
   *  @throws ProblemError 503 while there is none yet */
  choose(key?: string | (() => string)): Edition {
    if (this.#canary && key !== undefined) {
      const { edition, share } = this.#canary;
      const who = typeof key === 'string' ? key : key();
      if (isInShare(who, { share, salt: edition.model.version.digest })) return edition;
    }
    if (this.#current) return this.#current;
    throw new ProblemError('not-ready', {
      status: 503,
      title: 'Not ready',
      detail: `${this.name} is not loaded yet`,
      facts: { hint: 'GET /health/ready tells when it is' },
    });
  }

  /** Joins a model and a pack, and serves them from here on; what stays, stays.
   *  @throws CorruptError where the new part does not fit the other one; nothing has changed then */
  swap(parts: { model?: LoadedModel; pack?: LoadedPack | null }): Edition {
    const model = parts.model ?? this.#current?.model;
    if (!model) throw new Error(`${this.name}: a pack without a model`);
    const pack = parts.pack === undefined ? (this.#current?.pack ?? null) : parts.pack;
    const edition = editionOf(model, pack);
    this.serve(edition);
    return edition;
  }

  /** The assignment. Requests under way end on the edition that they began with.
   *  @param canary what answers a share of the keys beside it; default: nothing */
  serve(edition: Edition, canary: { edition: Edition; share: number } | null = null): void {
    this.#current = edition;
    this.#canary = canary;
  }

  /** To be called once a request was answered. */
  observe(edition: Edition, outcome: Outcome): void {
    this.watcher?.observe(edition, outcome);
  }
}

/** All models that are served; the first one answers where none is named. */
export class Slots {
  readonly #slots: Map<string, Slot>;
  readonly #all: Slot[];

  constructor(names: string[]) {
    if (names.length === 0) throw new Error('there is no model to serve');
    this.#slots = new Map(names.map((name) => [name, new Slot(name)]));
    this.#all = [...this.#slots.values()];
  }

  get all(): readonly Slot[] {
    return this.#all;
  }

  /** @throws ProblemError 404 for a model that is not served */
  of(name?: string): Slot {
    const slot = name === undefined ? this.#all[0] : this.#slots.get(name);
    if (slot) return slot;
    throw new ProblemError('unknown-model', {
      status: 404,
      title: 'No such model',
      detail: `there is no model "${name}"; served are ${[...this.#slots.keys()].join(', ')}`,
    });
  }
}
