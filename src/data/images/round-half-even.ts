/** OpenCV rounds to the nearest integer, ties to the even one; so does what must equal it to the last bit. */
export function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const fraction = value - below;
  return fraction > 0.5 || (fraction === 0.5 && below % 2 !== 0) ? below + 1 : below;
}
