/** Set-up talks on stderr only: stdout belongs to the command that was asked for.
 *  @param {string} line */
export function say(line) {
  process.stderr.write(`set-up  ${line}\n`);
}

/** Runs a piece of work, saying that it begins and how long it took.
 *  @template T
 *  @param {string} title
 *  @param {string} expected how long it usually takes
 *  @param {() => Promise<T>} work
 *  @returns {Promise<T>} */
export async function timed(title, expected, work) {
  const started = performance.now();
  say(`${title} … (${expected})`);
  const result = await work();
  say(`${title}: done in ${seconds(performance.now() - started)}`);
  return result;
}

/** @param {number} ms */
export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}
