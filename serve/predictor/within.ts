import { UpstreamError } from '../../pipeline/contracts/errors.ts';

/** @throws UpstreamError where it takes longer; what it does then goes on by itself, unseen */
export async function withinMs<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new UpstreamError(`no answer within ${limitMs / 1000} s`, { hint: 'it is asked again in a while' }),
      );
    }, limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => {});
  }
}
