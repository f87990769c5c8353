/**
 * Looks at the beginning of a JSON file: which keys it has tells which tool wrote it, and files of annotations can be too large
 * to be read for that.
 */

import { open } from 'node:fs/promises';

/** Counts the bytes that are looked at. */
const headLength = 1 << 16;

/** Describes what the beginning of a JSON file shows. */
export interface JsonHead {
  readonly root: 'object' | 'list';
  /** Lists the keys of the file's object, in order, as far as they were seen. */
  readonly keys: readonly string[];
  /**
   * Holds the keys that the objects of each list in the file's object have, by the key of that list, and under the empty key
   * those of the objects in a list that is the whole file.
   */
  readonly itemKeys: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Returns what the beginning of a file shows, or null when the file is no JSON object or list or cannot be read. */
export async function readJsonHead(path: string): Promise<JsonHead | null> {
  const bytes = await headOf(path).catch(() => null);
  if (bytes === null) return null;
  const wide = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : null;
  const encoding = bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : (wide ?? 'utf-8');
  return parseJsonHead(new TextDecoder(encoding).decode(bytes));
}

async function headOf(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const head = new Uint8Array(headLength);
    const { bytesRead } = await file.read(head, 0, headLength, 0);
    return head.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

const token = /\s*(?:("(?:[^"\\]|\\.)*")|([{}[\],:])|([^\s{}[\],:"]+))/y;

/** Returns what a text shows that begins as a JSON file and may end anywhere, or null for another text. */
export function parseJsonHead(text: string): JsonHead | null {
  const keys: string[] = [];
  const itemKeys = new Map<string, Set<string>>();
  let root: JsonHead['root'] | null = null;
  let nesting = '';
  let last = '';
  token.lastIndex = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [, quoted, sign] = match;
    root ??= sign === '{' ? 'object' : sign === '[' ? 'list' : null;
    if (root === null) return null;
    if (quoted !== undefined) last = quoted.slice(1, -1);
    if (sign === '{' || sign === '[') nesting += sign;
    if (sign === '}' || sign === ']') nesting = nesting.slice(0, -1);
    if (sign === ':' && nesting === '{') keys.push(last);
    const list = nesting === '[{' ? '' : nesting === '{[{' ? keys.at(-1) : undefined;
    if (sign === ':' && list !== undefined) {
      itemKeys.set(list, (itemKeys.get(list) ?? new Set()).add(last));
    }
    if (nesting === '') break;
  }
  return root === null ? null : { root, keys, itemKeys };
}
