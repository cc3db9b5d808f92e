import { CorruptError } from '../../pipeline/contracts/errors.ts';
import type { Log } from '../log.ts';
import type { Monitor } from '../monitor/monitor.ts';
import type { Swap } from '../state/records.ts';
import type { State } from '../state/state.ts';
import { type Edition, editionOf } from './edition.ts';
import { Figures } from './figures.ts';
import type { TrialLimits, TrialVerdict } from './judge-trial.ts';
import type { LoadedModel } from './model.ts';
import type { LoadedPack } from './pack.ts';
import { ServedMetrics } from './served-metrics.ts';
import type { Again, Outcome, Slot, Watcher } from './slots.ts';
import { Trial, type TrialKind } from './trial.ts';

export interface SwapOptions {
  state: State;
  monitor: Monitor;
  trial: TrialLimits & { canary: number | null; shadow: boolean; limitMs: number };
  log: Log;
  now: () => Date;
}

/** How what is served of one model changes. Each change is one assignment in its slot, is told in log, metrics and history, and is
 *  remembered once it has held. */
export class Swaps implements Watcher {
  readonly #slot: Slot;
  readonly #options: SwapOptions;
  readonly #metrics: ServedMetrics;
  /** Of the model that is served. */
  #figures = new Figures();
  #trial: Trial | null = null;

  constructor(slot: Slot, options: SwapOptions) {
    this.#slot = slot;
    this.#options = options;
    this.#metrics = new ServedMetrics(options.monitor, slot.name);
    slot.watcher = this;
  }

  get trial(): Trial | null {
    return this.#trial;
  }

  /** That answer, or may have to again. */
  get models(): LoadedModel[] {
    const trial = this.#trial;
    const editions = trial ? [trial.champion, trial.challenger] : [this.#slot.current];
    return editions.flatMap((edition) => (edition ? [edition.model] : []));
  }

  /** What served before, or was baked: no news. @throws CorruptError */
  restore(model: LoadedModel, pack: LoadedPack | null): void {
    this.#serve(editionOf(model, pack));
  }

  /** A new bundle: on trial where there is one before.
   *  @param options.pack one that came along, for a bundle that cannot read what is served
   *  @param options.trusted a person chose it: it takes over without a trial, and this is what the history calls it
   *  @throws CorruptError where it cannot read the observations; nothing has changed then */
  bundle(
    model: LoadedModel,
    {
      pack = null,
      trusted = null,
      reason,
    }: { pack?: LoadedPack | null; trusted?: 'swapped' | 'rolled-back' | null; reason: string },
  ): void {
    this.#endTrial();
    const champion = this.#slot.current;
    const challenger = joined(model, champion?.pack ?? pack, pack);
    if (!champion || trusted) {
      this.#serve(challenger);
      this.#record('bundle', trusted ?? 'swapped', { from: champion, to: challenger, reason });
      void this.#keep(challenger);
      return;
    }
    const { canary, shadow, limitMs, ...limits } = this.#options.trial;
    const kind: TrialKind = shadow ? 'shadow' : canary === null ? 'direct' : 'canary';
    const before = this.#figures;
    this.#trial = new Trial({
      ...{ kind, challenger, champion, before, limits, limitMs },
      onVerdict: (verdict) => this.#settle(verdict),
    });
    this.#show();
    this.#record('bundle', kind === 'direct' ? 'swapped' : 'trial', {
      ...{ from: champion, to: challenger },
      reason: kind === 'direct' ? reason : `${reason}; ${kind} first`,
    });
  }

  /** New observations, for whatever answers.
   *  @throws CorruptError where the model cannot read them; nothing has changed then */
  pack(pack: LoadedPack): void {
    const { current } = this.#slot;
    if (!current) throw new Error(`${this.#slot.name}: a pack without a model`);
    const edition = editionOf(current.model, pack);
    if (this.#trial) this.#packOnTrial(this.#trial, edition, pack);
    else this.#serve(edition);
    const from = current.pack?.manifest.data_version ?? null;
    this.#tell('pack', 'swapped', {
      from,
      to: pack.manifest.data_version,
      reason: 'newer observations are published',
    });
    void this.#keep(this.#trial?.champion ?? edition);
  }

  /** Something came and was not taken.
   *  @param what.again it was told before: the history has it */
  refused(kind: Swap['kind'], what: { to: string | null; reason: string; again?: boolean }): void {
    const { to, reason, again = false } = what;
    if (again) {
      const model = this.#slot.name;
      this.#options.monitor.swaps.inc({ model, kind, result: 'refused' });
      this.#options.log.warn({ model, kind, to }, `${kind} refused again: ${reason}`);
      return;
    }
    const { current } = this.#slot;
    const from = kind === 'bundle' ? current?.model.version.version : current?.pack?.manifest.data_version;
    this.#tell(kind, 'refused', { from: from ?? null, to, reason });
  }

  /** The source names something else: what is on trial ends without a verdict. */
  withdraw(reason: string): void {
    const trial = this.#trial;
    if (!trial) return;
    this.#endTrial();
    this.#options.state.drop(trial.challenger.model.version.digest);
    this.#serve(trial.champion);
    this.#record('bundle', 'swapped', { from: trial.challenger, to: trial.champion, reason });
  }

  /** Ends the trial for what is on trial: a person wants it. */
  accept(reason: string): void {
    this.#settle({ verdict: 'holds', reason });
  }

  /** Takes what is on trial back now, for good.
   *  @returns false where nothing is on trial */
  takeBack(reason: string): boolean {
    if (!this.#trial) return false;
    this.#settle({ verdict: 'worse', reason });
    return true;
  }

  observe(edition: Edition, outcome: Outcome): void {
    if (edition.model === this.#slot.current?.model) this.#figures.add(outcome);
    this.#trial?.observe(edition.model, outcome);
  }

  again(again: Again, route: string): void {
    this.#trial?.again(again, route);
  }

  close(): void {
    this.#trial?.end();
    this.#trial = null;
  }

  #settle({ verdict, reason }: TrialVerdict): void {
    const trial = this.#trial;
    if (!trial) return;
    this.#endTrial();
    const { champion, challenger } = trial;
    if (verdict === 'holds') {
      if (this.#slot.current?.model !== challenger.model) this.#figures = trial.figures;
      this.#slot.serve(challenger);
      this.#metrics.show(challenger);
      this.#record('bundle', 'kept', { from: champion, to: challenger, reason });
      void this.#keep(challenger);
      return;
    }
    // First the answers, then the books.
    this.#serve(champion);
    const { version, digest } = challenger.model.version;
    const at = this.#options.now().toISOString();
    this.#options.state.drop(digest);
    void this.#options.state.refuse({ model: this.#slot.name, version, digest, reason, at });
    this.#record('bundle', 'rolled-back', { from: challenger, to: champion, reason });
  }

  /** What cannot read today's observations is no challenger, and no way back either. */
  #packOnTrial(trial: Trial, edition: Edition, pack: LoadedPack): void {
    const current = this.#slot.current === trial.challenger ? 'challenger' : 'champion';
    const other = current === 'challenger' ? 'champion' : 'challenger';
    trial[current] = edition;
    try {
      trial[other] = editionOf(trial[other].model, pack);
    } catch (error) {
      if (!(error instanceof CorruptError)) throw error;
      if (other === 'challenger')
        return void this.takeBack(`it cannot read new observations: ${error.message}`);
      this.#options.log.warn({ model: this.#slot.name, err: error }, 'the bundle before keeps its old data');
    }
    this.#show();
  }

  /** Puts a trial's editions to where they answer. */
  #show(): void {
    const trial = this.#trial!;
    const { kind, champion, challenger } = trial;
    if (kind === 'direct') {
      if (this.#slot.current?.model !== challenger.model) this.#figures = new Figures();
      this.#slot.serve(challenger);
    } else if (kind === 'canary')
      this.#slot.serve(champion, { edition: challenger, share: this.#options.trial.canary! });
    else this.#slot.serve(champion);
    this.#metrics.show(this.#slot.current!, kind === 'direct' ? null : { edition: challenger, role: kind });
  }

  #serve(edition: Edition): void {
    if (this.#slot.current?.model !== edition.model) this.#figures = new Figures();
    this.#slot.serve(edition);
    this.#metrics.show(edition);
  }

  #endTrial(): void {
    const tried = this.#trial?.challenger.model.version.digest;
    if (tried) void this.#options.state.attempts.end(this.#slot.name, tried);
    this.#trial?.end();
    this.#trial = null;
  }

  #record(
    kind: 'bundle',
    result: Swap['result'],
    { from, to, reason }: { from: Edition | null; to: Edition; reason: string },
  ): void {
    this.#tell(kind, result, {
      from: from?.model.version.version ?? null,
      to: to.model.version.version,
      reason,
    });
  }

  #tell(kind: Swap['kind'], result: Swap['result'], what: Pick<Swap, 'from' | 'to' | 'reason'>): void {
    const { log, monitor, state, now } = this.#options;
    const model = this.#slot.name;
    const failed = result === 'refused' || result === 'rolled-back' || result === 'failed';
    log[failed ? 'error' : 'info']({ model, kind, result, ...what }, `${kind} ${result}: ${what.reason}`);
    monitor.swaps.inc({ model, kind, result });
    void state.addSwap({ at: now().toISOString(), model, kind, result, ...what });
  }

  #keep({ model, pack }: Edition): Promise<void> {
    return this.#options.state.keep(this.#slot.name, {
      at: this.#options.now().toISOString(),
      version: model.version,
      pack: pack?.id ?? null,
    });
  }
}

/** @param pack what is served; @param other what came along */
function joined(model: LoadedModel, pack: LoadedPack | null, other: LoadedPack | null): Edition {
  try {
    return editionOf(model, pack);
  } catch (error) {
    if (!(error instanceof CorruptError) || !other || other === pack) throw error;
    return editionOf(model, other);
  }
}
