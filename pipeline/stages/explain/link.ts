/** One step from a forecast to where its data came from. */
export interface Link {
  link:
    | 'forecast'
    | 'forecast data'
    | 'forecast snapshot'
    | 'version'
    | 'run'
    | 'commit'
    | 'data'
    | 'snapshot'
    | 'source';
  /** What it points to: a version, a hash, an address. */
  value: string;
  /** broken: looked at, and not what it was; unknown: could not be looked at from here. */
  checked: 'ok' | 'broken' | 'unknown';
  /** What was seen. */
  why: string;
  /** What to do; null where nothing is to be done. */
  hint: string | null;
}

/** `perennial explain --json` prints it. */
export interface Chain {
  model: string;
  version: string;
  /** champion, challenger: those that point to it. */
  aliases: string[];
  links: Link[];
}

type About = Omit<Link, 'checked' | 'hint'> & { hint?: string | null };

export function ok(about: About): Link {
  return { hint: null, ...about, checked: 'ok' };
}

export function broken(about: About & { hint: string }): Link {
  return { ...about, checked: 'broken' };
}

export function unknown(about: About): Link {
  return { hint: null, ...about, checked: 'unknown' };
}

/** A refusal to read something of ours is a link that is broken. */
export function brokenBy(
  error: Error & { hint?: string },
  { link, value }: Pick<Link, 'link' | 'value'>,
): Link {
  return broken({ link, value, why: error.message, hint: error.hint ?? 'restore it from a copy' });
}
