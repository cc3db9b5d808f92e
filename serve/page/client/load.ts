/** An answer that was not the one asked for, as the service's problem details tell it, or none at all. */
export class Trouble extends Error {
  constructor(
    readonly title: string,
    readonly detail: string,
    /** 0: the service was not reached. */
    readonly status: number,
    readonly facts: Record<string, unknown> = {},
  ) {
    super(detail);
  }
}

const LIMIT_MS = 20_000;

/** @throws Trouble for every answer but 2xx; DOMException AbortError where `signal` ended it */
export async function load<T>(
  url: string,
  { signal }: { signal?: AbortSignal } = {},
): Promise<{ body: T; at: Date }> {
  const limit = AbortSignal.timeout(LIMIT_MS);
  const response = await fetch(url, { signal: signal ? AbortSignal.any([signal, limit]) : limit }).catch(
    (cause) => {
      if (signal?.aborted) throw cause;
      throw unreached();
    },
  );
  const body = await response.json().catch(() => {
    if (signal?.aborted) throw new DOMException('', 'AbortError');
    return null;
  });
  if (!response.ok || body === null) throw troubleOf(response, body);
  return { body: body as T, at: new Date(response.headers.get('date') ?? Date.now()) };
}

export const isAborted = (error: unknown) => error instanceof DOMException && error.name === 'AbortError';

/** The same for every way to fail: a person reads it, and the page goes on. */
export function troubleFrom(error: unknown): Trouble {
  return error instanceof Trouble ? error : new Trouble('This page failed', String(error), 0);
}

function unreached(): Trouble {
  return new Trouble(
    'The service cannot be reached',
    'Check the connection; what is loaded already stays here to look at.',
    0,
  );
}

function troubleOf({ status, statusText }: Response, body: unknown): Trouble {
  const { title, detail, ...facts } = (body ?? {}) as Record<string, unknown>;
  return new Trouble(
    typeof title === 'string' ? title : `The service answered ${status} ${statusText}`,
    typeof detail === 'string' ? detail : 'It did not say why.',
    status,
    facts,
  );
}
