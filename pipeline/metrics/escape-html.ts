/** Text as HTML, inside an element or a quoted attribute: names come from a portal and may hold anything. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

/** A name for a chart or a row: at most `most` characters, then escaped. */
export function shortened(text: string, most = 48): string {
  const characters = [...text];
  return escaped(characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : text);
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
