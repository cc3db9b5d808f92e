import { escapeMarkdown, visibleLine } from '../../metrics/escape-markdown.ts';

export interface Answer {
  /** Markdown; values in it are escaped. */
  text: string;
  reaction: '+1' | 'confused' | 'rocket';
}

export const done = (text: string): Answer => ({ text, reaction: 'rocket' });
export const told = (text: string): Answer => ({ text, reaction: '+1' });
export const refused = (text: string): Answer => ({ text, reaction: 'confused' });

export const HELP = `| say | by people with write access |
| :-- | :-- |
| \`/perennial retrain\` | in a pull request: its review runs again. In an issue: data and training run now; a model's name after it takes that one alone |
| \`/perennial explain <tract>\` | the newest published forecast of a tract, by its id or name, and what it stands on |
| \`/perennial promote --override "reason"\` | lets a blocked model of this pull request through, with your name and reason in its history. With several models its name stands before \`--override\` |
| \`/perennial help\` | this |

A command is the first line of a new comment; nothing happens on edited ones.`;

const LONGEST_COMMENT = 60_000;

/** The comment that answers another. @param comment number of the one that is answered: it is answered once */
export function answerText(
  { text }: Answer,
  said: { comment: number; author: string; body: string },
): string {
  const quoted = visibleLine(said.body.split(/\r?\n/)[0] ?? '', { longest: 200 });
  const whole = `${replyMarker(said.comment)}\n> ${escapeMarkdown(said.author)}: ${escapeMarkdown(quoted)}\n\n${text}\n`;
  return whole.length > LONGEST_COMMENT ? `${whole.slice(0, LONGEST_COMMENT)}…\n` : whole;
}

/** Hidden in the answer. */
export const replyMarker = (comment: number) => `<!-- perennial:reply ${comment} -->`;
