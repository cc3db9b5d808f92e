import { createInterface } from 'node:readline/promises';
import { UsageError } from '../../contracts/errors.ts';
import {
  type Answers,
  parseHomes,
  parseModels,
  parseOwner,
  parseSchedule,
  parseStorage,
  scheduleWords,
} from './answers.ts';

/** Answers as they were written; undefined: not given. */
export type Flags = Partial<Record<keyof Answers, string>>;

/** What is there already: the answers to offer. */
export interface Offers {
  owner: string | null;
  homes: string | null;
  storage: string | null;
  models: string[];
  /** All that params.yaml has. */
  known: string[];
  schedule: Answers['schedule'];
}

export interface Terminal {
  /** @param offer taken where nothing is typed */
  ask(question: string, offer: string | null): Promise<string>;
  say(line: string): void;
}

/** The five answers: from flags, then from the terminal; without one, from what is there.
 *  @param terminal null: nobody is asked
 *  @param options.offersCount what is there counts as an answer (`--yes`)
 *  @throws UsageError that names the flags of the missing answers, or the wrong answer of a flag */
export async function askAll(
  flags: Flags,
  offers: Offers,
  { terminal, offersCount }: { terminal: Terminal | null; offersCount: boolean },
): Promise<Answers> {
  if (!terminal) refuseMissing(flags, offers, { offersCount });
  const answer = async <Answer>(
    { flag, question, offer }: { flag: keyof Answers; question: string; offer: string | null },
    parse: (text: string) => Answer,
  ): Promise<Answer> => {
    const given = flags[flag] ?? (terminal ? undefined : (offer ?? ''));
    if (given !== undefined) return parse(given);
    for (;;) {
      const text = await (terminal as Terminal).ask(question, offer);
      try {
        return parse(text);
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        (terminal as Terminal).say(`  ${error.message.replace(/^--\w+ ?/, '')}\n  → ${error.hint}`);
      }
    }
  };
  const owner = await answer(
    { flag: 'owner', question: 'Your repository on GitHub (owner/name)', offer: offers.owner },
    parseOwner,
  );
  const same = `dagshub:${owner.owner}/${owner.name}`;
  const homes = await answer(
    {
      flag: 'homes',
      question: 'Where runs and models live (dagshub:owner/name, or the address of your MLflow)',
      offer: offers.homes ?? same,
    },
    (text) => parseHomes(text, owner),
  );
  const storage = await answer(
    {
      flag: 'storage',
      question: 'Where data live (dagshub, s3://bucket/folder, azure://container/folder, https://…)',
      offer: offers.storage ?? (homes.kind === 'dagshub' ? 'dagshub' : null),
    },
    (text) => parseStorage(text, homes),
  );
  const models = await answer(
    {
      flag: 'models',
      question: `Models (of params.yaml: ${offers.known.join(', ')}; a new one as name=address)`,
      offer: offers.models.join(',') || null,
    },
    (text) => parseModels(text, offers.known),
  );
  const schedule = await answer(
    {
      flag: 'schedule',
      question: 'When to look for new data (hourly, daily or weekly, with a time: daily@06:17)',
      offer: scheduleWords(offers.schedule),
    },
    parseSchedule,
  );
  return { owner, homes, storage, models, schedule };
}

const NAMES: (keyof Answers)[] = ['owner', 'homes', 'storage', 'models', 'schedule'];

function refuseMissing(flags: Flags, offers: Offers, { offersCount }: { offersCount: boolean }): void {
  const missing = NAMES.filter(
    (name) => flags[name] === undefined && !(offersCount && offered(name, flags, offers)),
  );
  if (missing.length === 0) return;
  throw new UsageError(
    `nobody is at the terminal, and ${missing.map((name) => `--${name}`).join(', ')} missing`,
    {
      hint: offersCount
        ? 'give these flags; there is nothing to take them from'
        : 'give these flags, or --yes for what is there already',
    },
  );
}

function offered(name: keyof Answers, flags: Flags, offers: Offers): boolean {
  if (name === 'homes') return true;
  // Dagshub's own, where the homes are on Dagshub.
  if (name === 'storage')
    return offers.storage !== null || /^dagshub/.test(flags.homes ?? offers.homes ?? 'dagshub');
  if (name === 'models') return offers.models.length > 0;
  return name === 'schedule' || offers[name] !== null;
}

/** Questions on stderr, answers from stdin. Ctrl-C and the end of the input stop it. */
export function openTerminal(say: (line: string) => void, signal: AbortSignal): Terminal & { close(): void } {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new AbortController();
  lines.once('close', () => ended.abort(new UsageError('the input ended before all was answered')));
  return {
    say,
    async ask(question, offer) {
      const shown = `${question}${offer === null ? '' : ` [${offer}]`}: `;
      try {
        const answer = await lines.question(shown, { signal: AbortSignal.any([signal, ended.signal]) });
        return answer.trim() === '' ? (offer ?? '') : answer.trim();
      } catch (error) {
        signal.throwIfAborted();
        ended.signal.throwIfAborted();
        throw error;
      }
    },
    close: () => lines.close(),
  };
}
