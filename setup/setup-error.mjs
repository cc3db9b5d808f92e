/** Set-up cannot go on: what was seen, and what to do next. */
export class SetupError extends Error {
  /** @param {string} message
   *  @param {string} hint */
  constructor(message, hint) {
    super(message);
    this.name = 'SetupError';
    this.hint = hint;
  }
}
