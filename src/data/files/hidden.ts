/** Recognizes files and folders that systems and editors leave beside a person's own. */

/** Names folders of thumbnails and resource forks, which hold images that nobody put there. */
const systemFolders: ReadonlySet<string> = new Set(['__MACOSX', '@eaDir', '$RECYCLE.BIN']);

/** Returns whether a file or folder of this name is no input: `._a.png`, `.ipynb_checkpoints`, `.DS_Store`, `__MACOSX`. */
export function isHidden(name: string): boolean {
  return name.startsWith('.') || systemFolders.has(name);
}
