import type { Monitor } from '../monitor/monitor.ts';
import type { Edition } from './edition.ts';

type Labels = Record<'model' | 'version' | 'digest' | 'data_version' | 'candidate' | 'role', string>;

/** What of one model is served, as metrics: what is gone leaves no series behind. */
export class ServedMetrics {
  #shown: Labels[] = [];

  constructor(
    readonly monitor: Monitor,
    readonly model: string,
  ) {}

  /** @param beside what is on trial, where it does not answer alone */
  show(current: Edition, beside: { edition: Edition; role: 'canary' | 'shadow' } | null = null): void {
    const { modelInfo, trainedAt, observedAt, publishedAt } = this.monitor;
    const { model } = this;
    for (const labels of this.#shown) modelInfo.remove(labels);
    this.#shown = [labelsOf(model, current, 'current')];
    if (beside) this.#shown.push(labelsOf(model, beside.edition, beside.role));
    for (const labels of this.#shown) modelInfo.set(labels, 1);
    trainedAt.set({ model }, seconds(current.model.version.train_end));
    if (!current.pack) return;
    observedAt.set({ model }, seconds(current.pack.manifest.last_time));
    publishedAt.set({ model }, seconds(current.pack.manifest.published_at));
  }
}

function labelsOf(model: string, { model: loaded, headers }: Edition, role: string): Labels {
  const { version, digest, candidate } = loaded.version;
  return { model, version, digest, data_version: headers['x-data-version'], candidate, role };
}

const seconds = (time: string) => Date.parse(time) / 1000;
