import { ProblemError } from '../problem.ts';
import { type Edition, editionOf } from './edition.ts';
import type { LoadedModel } from './model.ts';
import type { LoadedPack } from './pack.ts';

/** One model's place in the service. What is asked is decided by one assignment: a request sees an edition whole, and keeps it. */
export class Slot {
  #current: Edition | null = null;

  constructor(readonly name: string) {}

  get current(): Edition | null {
    return this.#current;
  }

  /** The edition that answers a request.
   *  @param key who asks: the same key is sent to the same edition as long as two are served
   *  @throws ProblemError 503 while there is none yet */
  choose(_key?: string): Edition {
    if (this.#current) return this.#current;
    throw new ProblemError('not-ready', {
      status: 503,
      title: 'Not ready',
      detail: `${this.name} is not loaded yet`,
      facts: { hint: 'GET /health/ready tells when it is' },
    });
  }

  /** @throws CorruptError where the new part does not fit the other one; nothing has changed then */
  swap(parts: { model?: LoadedModel; pack?: LoadedPack | null }): Edition {
    const model = parts.model ?? this.#current?.model;
    if (!model) throw new Error(`${this.name}: a pack without a model`);
    const pack = parts.pack === undefined ? (this.#current?.pack ?? null) : parts.pack;
    this.#current = editionOf(model, pack);
    return this.#current;
  }
}

/** All models that are served; the first one answers where none is named. */
export class Slots {
  readonly #slots: Map<string, Slot>;

  constructor(names: string[]) {
    if (names.length === 0) throw new Error('there is no model to serve');
    this.#slots = new Map(names.map((name) => [name, new Slot(name)]));
  }

  get all(): Slot[] {
    return [...this.#slots.values()];
  }

  /** @throws ProblemError 404 for a model that is not served */
  of(name?: string): Slot {
    const slot = name === undefined ? this.all[0] : this.#slots.get(name);
    if (slot) return slot;
    throw new ProblemError('unknown-model', {
      status: 404,
      title: 'No such model',
      detail: `there is no model "${name}"; served are ${[...this.#slots.keys()].join(', ')}`,
    });
  }
}
