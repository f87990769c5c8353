/** Reads lists of coordinates from files, in the forms in which tools write them. What is no number stays in as NaN. */

/** Returns x0, y0, x1, y1, … of a list of pairs [[x, y], …], or null when it is none. A third coordinate is left out. */
export function pairsOf(value: unknown): number[] | null {
  if (!Array.isArray(value)) return null;
  const flat: number[] = [];
  for (const pair of value) {
    if (!Array.isArray(pair) || pair.length < 2) return null;
    flat.push(numberOf(pair[0]), numberOf(pair[1]));
  }
  return flat;
}

/** Returns the numbers of a list, or null when it is none. */
export function numbersOf(value: unknown): number[] | null {
  return Array.isArray(value) ? value.map(numberOf) : null;
}

/** Returns a number, also one that is written as text, and NaN for anything else. */
export function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
}

const longestSide = 65_535;

/** Returns the size of an image that a file states, or null when it states none that an image can have. */
export function sizeOf(
  width: unknown,
  height: unknown,
): { readonly width: number; readonly height: number } | null {
  const [across, down] = [numberOf(width), numberOf(height)];
  const isSide = (side: number): boolean => Number.isInteger(side) && side >= 1 && side <= longestSide;
  return isSide(across) && isSide(down) ? { width: across, height: down } : null;
}
