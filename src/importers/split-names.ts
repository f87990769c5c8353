/** Tells which split a folder or file belongs to by its name, as tools and people spell them: `valid`, `instances_val2017`. */

const spellings: ReadonlyMap<string, string> = new Map([
  ['train', 'train'],
  ['training', 'train'],
  ['val', 'val'],
  ['valid', 'val'],
  ['validation', 'val'],
  ['test', 'test'],
  ['testing', 'test'],
]);

/** Returns `train`, `val` or `test` for a name that says it as a whole, and null for others: `Valid` is `val`. */
export function splitOfWord(name: string): string | null {
  return spellings.get(name.toLowerCase()) ?? null;
}

/** Returns the split that a file's name holds as a word: `train` for `instances_train2017.json`; null for none or several. */
export function splitInName(name: string): string | null {
  const words = name.split(/[^A-Za-z]+/).map(splitOfWord);
  const found = new Set(words.filter((split) => split !== null));
  const [only] = found;
  return found.size === 1 && only !== undefined ? only : null;
}

/** Returns the split that a folder of a path names, the innermost first: `val` for `data/valid/images/a.png`; null for none. */
export function splitOfFolders(path: string): string | null {
  const folders = path.split('/').slice(0, -1).reverse();
  return folders.map(splitOfWord).find((split) => split !== null) ?? null;
}
