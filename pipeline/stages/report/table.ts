import { markdownTable } from 'markdown-table';

/** A table without padding: a comment has room for what it says, not for spaces.
 *  @param align of each column; default: left */
export function narrowTable(rows: string[][], { align }: { align?: ('l' | 'c' | 'r')[] } = {}): string {
  return markdownTable(rows, { align, alignDelimiters: false });
}
