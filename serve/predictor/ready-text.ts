/** A text that is made once and sent often. */
export interface ReadyText {
  text: string;
  /** Of its bytes. */
  length: number;
  encoding: 'latin1' | 'utf8';
}

/** Where each character is a byte, Node copies head and text as they are, in one write: a tenth more answers than of bytes, which are
 *  a write of their own, or of text that it has to look through. */
export function readyText(text: string): ReadyText {
  const bytes = Buffer.from(text);
  // No character of UTF-8 takes less room than in the text, and only those of ASCII as much.
  const encoding = bytes.length === text.length ? 'latin1' : 'utf8';
  return { text: bytes.toString(encoding), length: bytes.length, encoding };
}
