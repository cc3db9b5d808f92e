import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import cliProgress from 'cli-progress';
import pino, { type Logger } from 'pino';
import type { Progress } from './context.ts';
import { withoutSecrets } from './secrets.ts';

/** Between two lines of progress where no terminal can redraw one. */
const LINE_EVERY_MS = 5_000;

export interface Console {
  /** A line for a person, on stderr: stdout belongs to results. */
  say(line: string): void;
  /** A result, on stdout. */
  print(text: string): void;
  progress: Progress;
}

export function makeConsole(options: { quiet: boolean; json: boolean }): Console {
  const say = (line: string) => {
    if (!options.quiet) process.stderr.write(`${withoutSecrets(line)}\n`);
  };
  const progress = options.quiet
    ? quietProgress
    : process.stderr.isTTY
      ? barProgress(say)
      : lineProgress(say);
  return { say, progress, print: (text) => process.stdout.write(`${withoutSecrets(text)}\n`) };
}

const quietProgress: Progress = { start: () => ({ set() {}, done() {} }) };

/** A bar that is redrawn, with the time left. */
function barProgress(say: (line: string) => void): Progress {
  return {
    start(title, total) {
      const began = Date.now();
      const bar = new cliProgress.SingleBar({
        format: `  ${title} {bar} {percentage} % · {note}{left}`,
        stream: process.stderr,
        hideCursor: true,
        clearOnComplete: true,
        barsize: 24,
      });
      bar.start(1, 0, { note: '', left: '' });
      return {
        set(done, note = '') {
          const share = total ? Math.min(1, done / total) : 0;
          bar.update(share, { note: withoutSecrets(note), left: left(began, share) });
        },
        done(note) {
          bar.stop();
          say(finished(title, began, note));
        },
      };
    },
  };
}

/** Lines, for logs and for a stage that runs below another process. */
function lineProgress(say: (line: string) => void): Progress {
  return {
    start(title, total) {
      const began = Date.now();
      let spoke = began;
      return {
        set(done, note = '') {
          const now = Date.now();
          if (now - spoke < LINE_EVERY_MS || !total) return;
          spoke = now;
          const share = Math.min(1, done / total);
          say(`  ${title}: ${Math.round(share * 100)} % ${note}${left(began, share)}`);
        },
        done: (note) => say(finished(title, began, note)),
      };
    },
  };
}

function left(began: number, share: number): string {
  const spent = (Date.now() - began) / 1000;
  if (share < 0.03 || spent < 2) return '';
  return ` · about ${duration((spent / share) * (1 - share))} left`;
}

const finished = (title: string, began: number, note?: string) =>
  `  ✓ ${title} (${duration((Date.now() - began) / 1000)})${note ? `: ${note}` : ''}`;

export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** Structured log of one run: to a file where people watch the terminal, to stderr where machines do. */
export function openLog(options: { file: string | null; run: string; level?: string }): Logger {
  const base = { run: options.run };
  const level = options.level ?? process.env.LOG_LEVEL ?? 'info';
  // By value, not by name: an error's text or another tool's line may hold one anywhere.
  const settings = { base, level, hooks: { streamWrite: withoutSecrets } };
  if (!options.file) return pino(settings, pino.destination({ fd: 2, sync: true }));
  mkdirSync(dirname(options.file), { recursive: true });
  return pino(settings, pino.destination({ dest: options.file, sync: true }));
}
