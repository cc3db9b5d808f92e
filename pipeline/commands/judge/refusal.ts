/** Why a submission is not judged on its merits. Whoever finds it throws; one place turns it into the model's judgement. */
export class Refusal extends Error {
  /** The verdict in a few words. */
  readonly headline: string;

  /** @param reason one sentence */
  constructor(headline: string, reason: string, options: { cause?: unknown } = {}) {
    super(reason, options);
    this.headline = headline;
  }
}

export const BROKEN = 'Broken report';
