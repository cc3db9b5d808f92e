// Asks the stand-in whether its rules allow a push. Only this process sees the new objects, so it looks at them itself.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const { GIT_HOST_ASK: ask = '', GIT_HOST_PUSH: push } = process.env;
const updates = readFileSync(0, 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => {
    const [from, to, ref] = line.split(' ');
    return { from, to, ref, forward: isForward(from, to) };
  });
const answer = await fetch(ask, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ push, updates }),
  signal: AbortSignal.timeout(20_000),
});
if (answer.status !== 204) {
  process.stderr.write(`error: GH013: ${await answer.text()}\n`);
  process.exit(1);
}

/** @param {string} from @param {string} to */
function isForward(from, to) {
  if (/^0+$/.test(from) || /^0+$/.test(to)) return true;
  try {
    execFileSync('git', ['merge-base', '--is-ancestor', from, to], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
