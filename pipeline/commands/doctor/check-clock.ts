import { wireTo } from '../../clients/mlflow/wire.ts';
import { EXIT, PerennialError } from '../../contracts/errors.ts';
import { MlflowHome } from '../../contracts/homes.ts';

const ALLOWED_MS = 5 * 60_000;

/** Compares this machine's clock with the one of a server, whatever that answers.
 *  @returns in words; null where the server tells no time or cannot be reached: other checks say so
 *  @throws PerennialError if they are apart by more than five minutes */
export async function checkClock(
  address: Pick<MlflowHome, 'url'> & Partial<MlflowHome>,
  { now, signal }: { now: () => Date; signal: AbortSignal },
): Promise<string | null> {
  const { url, insecureTls, timeoutMs } = address;
  // Without credentials: a refusal has a date too.
  const wire = wireTo(MlflowHome.parse({ url, insecureTls, timeoutMs }), process.env);
  try {
    const asked = { method: 'GET', path: '/', about: 'its clock', repeatable: true } as const;
    const { headers } = await wire.send(asked, signal);
    const theirs = Date.parse(headers.date ?? '');
    if (Number.isNaN(theirs)) return null;
    const apartMs = now().getTime() - theirs;
    if (Math.abs(apartMs) <= ALLOWED_MS) return 'clocks agree';
    throw new PerennialError(
      `this machine's clock is ${duration(Math.abs(apartMs))} ${apartMs > 0 ? 'ahead of' : 'behind'} the server's`,
      {
        exitCode: EXIT.setup,
        hint: 'set the clock that is wrong (here: `timedatectl set-ntp true`); signed requests and the order of runs depend on it',
      },
    );
  } catch (error) {
    if (error instanceof PerennialError) throw error;
    return null;
  } finally {
    await wire.close();
  }
}

function duration(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 90) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}
