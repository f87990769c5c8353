/** Quotes text as one word of a shell's command line. */

/** Returns the text itself where no quoting is needed, and quoted otherwise. */
export function shellWord(text: string): string {
  return /^[\w./~+=:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
