/** Writes names of files so that a terminal shows them in one line. */

/** Returns a text in which line breaks and other control characters are escaped, as in JSON. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
}
