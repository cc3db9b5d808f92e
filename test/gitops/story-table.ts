import { markdownTable } from 'markdown-table';

/** A step of the story as the host shows it afterwards. */
export interface StoryRow {
  what: string;
  pull: number | null;
  /** State and words of the required status. */
  status: string;
  says: string;
  /** Comments of ours on the pull request. */
  comments: number;
  outcome: string;
}

export function storyTable(rows: StoryRow[]): string {
  return markdownTable(
    [
      ['', 'step', 'pull request', 'status', 'says', 'comments', 'then'],
      ...rows.map(({ what, pull, status, says, comments, outcome }, index) => [
        String(index + 1),
        what,
        pull === null ? '–' : `#${pull}`,
        status,
        says.slice(0, 80),
        String(comments),
        outcome.slice(0, 80),
      ]),
    ],
    { align: ['r', 'l', 'r', 'l', 'l', 'r', 'l'] },
  );
}
