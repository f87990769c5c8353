/** Writes label maps in tests as rows of characters, so that a person sees what is expected. */

/** Returns the values [height, width] that the characters of the rows stand for. */
export function bytesOfRows(rows: readonly string[], values: Readonly<Record<string, number>>): Uint8Array {
  return Uint8Array.from([...rows.join('')], (character) => {
    const value = values[character];
    if (value === undefined) throw new Error(`no value for '${character}'`);
    return value;
  });
}

/** Returns the rows of characters that stand for values [height, width]; `?` for a value without a character. */
export function rowsOfBytes(
  bytes: Uint8Array,
  { width, characters }: { readonly width: number; readonly characters: Readonly<Record<number, string>> },
): string[] {
  const text = Array.from(bytes, (value) => characters[value] ?? '?').join('');
  return Array.from({ length: bytes.length / width }, (_, row) => text.slice(row * width, (row + 1) * width));
}
