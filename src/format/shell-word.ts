/** Returns a text as one word of a shell's command line: itself where it is plain, and quoted otherwise. */
export function shellWord(text: string): string {
  return /^[\w./~+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
