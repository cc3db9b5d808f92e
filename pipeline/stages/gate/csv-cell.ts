/** One CSV cell, quoted where it must be (RFC 4180). */
export function stringifyCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
