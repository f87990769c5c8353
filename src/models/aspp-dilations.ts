/** Gives the dilations of DeepLabv3+'s pyramid. */

/** Returns 12, 24, 36 at output stride 8, and the same distances in image pixels at other strides (6, 12, 18 at 16). */
export function asppDilations(outputStride: number): readonly number[] {
  return [1, 2, 3].map((rate) => (rate * 96) / outputStride);
}
