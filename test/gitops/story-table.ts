import { markdownTable } from 'markdown-table';

/** A step of the story as the host shows it afterwards. */
export interface StoryRow {
  what: string;
  pull: number | null;
  /** State and words of the required status; null: it is about no pull request. */
  status: { state: string; says: string } | null;
  /** Comments of ours on the pull request. */
  comments: number | null;
  outcome: string;
}

export function storyTable(rows: StoryRow[]): string {
  return markdownTable(
    [
      ['', 'step', 'pull request', 'status `perennial`', 'comments', 'then'],
      ...rows.map(({ what, pull, status, comments, outcome }, index) => [
        String(index + 1),
        what,
        pull === null ? '' : `#${pull}`,
        status === null ? '' : cut(`${MARKS[status.state] ?? '·'} ${status.says || status.state}`, 90),
        comments === null ? '' : String(comments),
        cut(outcome, 110),
      ]),
    ],
    { align: ['r', 'l', 'r', 'l', 'r', 'l'] },
  );
}

const MARKS: Record<string, string> = { success: '✓', failure: '✗', error: '!', pending: '…' };

function cut(text: string, longest: number): string {
  const letters = [...text];
  return letters.length <= longest
    ? text
    : `${letters
        .slice(0, longest - 1)
        .join('')
        .trimEnd()}…`;
}
