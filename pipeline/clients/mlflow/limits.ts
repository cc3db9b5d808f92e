import { createHash } from 'node:crypto';
import { MlflowError } from './mlflow-error.ts';

/** The smallest of what 2.22, 3.17 and older servers such as Dagshub's take, in characters. Longer ones are cut by the
 *  server without a word, refused, or fail in PostgreSQL alone. */
export const LIMITS = {
  key: 250,
  /** Before 2.8 (Dagshub has run 2.7.1) 500: `logging.ts` cuts again where a server says so. */
  param: 6_000,
  /** Of a run 8,000 on 2.22; of a model version and of an experiment 5,000 there, and of all on 2.7. */
  tag: 5_000,
  description: 5_000,
  /** Of an experiment or a model: the servers check for 500, their database column holds 256. */
  name: 256,
  runName: 250,
  source: 500,
  digest: 36,
  datasetTag: 500,
  batchMetrics: 1_000,
  batchParams: 100,
  batchTags: 100,
  batchInAll: 1_000,
  batchBytes: 1_000_000,
  page: 1_000,
} as const;

/** Cuts what is too long, with a mark that says how long it was; never through a surrogate pair. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const mark = `… [cut: ${text.length.toLocaleString('en-US')} characters]`;
  const end = limit - mark.length;
  const kept = /[\uD800-\uDBFF]/.test(text.charAt(end - 1)) ? end - 1 : end;
  return text.slice(0, kept) + mark;
}

/** @param of `metric`, `parameter`, `tag`: for the message
 *  @throws MlflowError `invalid` with the rule that the key breaks; every server has the same */
export function checkedKey(key: string, of: string): string {
  const rule = brokenRule(key);
  if (rule === null) return key;
  const shown = cut(JSON.stringify(key), 80);
  throw new MlflowError('invalid', `MLflow: the key ${shown} of a ${of} cannot be: ${rule}`, {
    hint: 'use letters, digits, spaces and _ - . : / only; `safeKey` makes such a key of any text',
  });
}

/** Makes an allowed key of any text: itself where it is one already, otherwise its allowed characters and a hash, so that
 *  two texts never become one key. */
export function safeKey(text: string): string {
  if (brokenRule(text) === null && !MADE.test(text)) return text;
  const allowed = text.replace(/[^/\p{L}\p{N}_.\- :]/gu, '_').replace(/^[/.]+|\.{2,}|\/+/g, '_');
  const end = LIMITS.key - 18;
  const kept = /[\uD800-\uDBFF]/.test(allowed.charAt(end - 1)) ? end - 1 : end;
  return `${allowed.slice(0, kept)}.h${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}

const MADE = /\.h[0-9a-f]{16}$/;

function brokenRule(key: string): string | null {
  const odd = /[^/\p{L}\p{N}_.\- :]/u.exec(key);
  if (key === '') return 'it is empty';
  if (odd) return `${JSON.stringify(odd[0])} is not allowed in it`;
  if (key.length > LIMITS.key) return `it has ${key.length} characters, at most ${LIMITS.key} are allowed`;
  if (key.startsWith('/')) return 'it begins with a slash';
  if (key.startsWith('..')) return 'it begins with ".."';
  if (key.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    return 'read as a path it would be another one ("..", ".", "//" or a slash at its end)';
  }
  return null;
}

/** Names of experiments and registered models. Too long is refused, not cut: a name that nobody wrote is found by nobody.
 *  @throws MlflowError `invalid` */
export function checkedName(name: string, of: 'an experiment' | 'a registered model'): string {
  const rule = brokenNameRule(name, of === 'a registered model');
  if (rule === null) return name;
  throw new MlflowError(
    'invalid',
    `MLflow: ${cut(JSON.stringify(name), 80)} cannot be the name of ${of}: ${rule}`,
    {
      hint: `choose another name, of 1 to ${LIMITS.name} characters`,
    },
  );
}

function brokenNameRule(name: string, ofModel: boolean): string | null {
  if (name.trim() === '') return 'it is empty';
  if (name !== name.trim()) return 'it begins or ends with a space';
  if (/^\.+$/.test(name) || (ofModel && name.startsWith('..'))) return 'it begins like a folder above';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(name)) return 'a control character is in it';
  if (/\p{Surrogate}/u.test(name)) return 'half a character is in it';
  if (name.length > LIMITS.name) {
    return `it has ${name.length} characters, at most ${LIMITS.name} fit into the server's database`;
  }
  if (ofModel && /[/:]/.test(name)) return '"/" and ":" are not allowed in it';
  return null;
}

/** @throws MlflowError `invalid` for what the server keeps for itself */
export function checkedAlias(alias: string): string {
  const reserved = alias.toLowerCase() === 'latest' || /^v\d+$/i.test(alias);
  if (!reserved && /^[\w-]{1,255}$/.test(alias)) return alias;
  const rule = reserved ? 'MLflow keeps it for itself' : 'expected letters, digits, _ and - (1 to 255)';
  throw new MlflowError('invalid', `MLflow: ${cut(JSON.stringify(alias), 80)} cannot be an alias: ${rule}`, {
    hint: 'choose another one, such as champion',
  });
}
