import type { Edition } from './edition.ts';
import { Figures } from './figures.ts';
import { judgeTrial, type TrialLimits, type TrialVerdict } from './judge-trial.ts';
import type { LoadedModel } from './model.ts';
import { Shadow } from './shadow.ts';
import type { Again, Outcome } from './slots.ts';

export type TrialKind = 'direct' | 'canary' | 'shadow';

export interface TrialOptions {
  kind: TrialKind;
  challenger: Edition;
  champion: Edition;
  /** How the champion did before: what a bundle is compared with that took over at once. */
  before: Figures;
  limits: TrialLimits;
  /** When it is over, whoever has asked until then. */
  limitMs: number;
  onVerdict: (verdict: TrialVerdict) => void;
}

/** The first requests of a new bundle beside those of the one before. Ends once, with a verdict. */
export class Trial {
  readonly kind: TrialKind;
  readonly began = new Date();
  readonly figures = new Figures();
  /** Both are kept until the verdict. A new observation pack makes new ones. */
  challenger: Edition;
  champion: Edition;
  readonly #options: TrialOptions;
  readonly #champion: Figures;
  readonly #shadow: Shadow | null;
  readonly #timer: NodeJS.Timeout;
  readonly #differences = { n: 0, sum: 0 };
  #ended = false;

  constructor(options: TrialOptions) {
    this.#options = options;
    this.kind = options.kind;
    this.challenger = options.challenger;
    this.champion = options.champion;
    this.#champion = options.kind === 'direct' ? options.before : new Figures();
    this.#shadow =
      options.kind === 'shadow'
        ? new Shadow(
            () => this,
            ({ champion, challenger, difference }) => {
              this.#champion.add(champion);
              this.figures.add(challenger);
              if (difference !== null) {
                this.#differences.n++;
                this.#differences.sum += difference;
              }
              this.#judge(false);
            },
          )
        : null;
    this.#timer = setTimeout(() => this.#judge(true), options.limitMs);
    this.#timer.unref();
  }

  observe(model: LoadedModel, outcome: Outcome): void {
    if (this.#ended || this.#shadow) return;
    if (model === this.challenger.model) {
      this.figures.add(outcome);
      this.#judge(false);
    } else if (this.kind === 'canary' && model === this.champion.model) this.#champion.add(outcome);
  }

  again(again: Again, route: string): void {
    this.#shadow?.ask(again, route);
  }

  /** Without a verdict: something else has taken the place of both. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#shadow?.close();
  }

  /** For people. */
  get progress() {
    const { n, sum } = this.#differences;
    return {
      requests: this.figures.requests,
      of: this.#options.limits.requests,
      failed: this.figures.failed,
      mean_difference: this.#shadow && n > 0 ? sum / n : null,
      not_compared: this.#shadow?.skipped ?? 0,
    };
  }

  #judge(timeIsUp: boolean): void {
    if (this.#ended) return;
    const { n, sum } = this.#differences;
    const verdict = judgeTrial(
      {
        challenger: sideOf(this.figures),
        champion: sideOf(this.#champion),
        differences: this.#shadow && { n, mean: n === 0 ? 0 : sum / n },
        timeIsUp,
      },
      this.#options.limits,
    );
    if (verdict.verdict === 'goes on') return;
    this.end();
    this.#options.onVerdict(verdict);
  }
}

function sideOf(figures: Figures) {
  const { requests, failed } = figures;
  return {
    requests,
    failed,
    get errorRate() {
      return figures.errorRate;
    },
    get times() {
      return figures.times();
    },
  };
}
