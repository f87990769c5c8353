/**
 * Colors for maps of one number. Both scales rise evenly in lightness, so that they survive gray print and color
 * blindness; the anchors are those of matplotlib's viridis and inferno (CC0), every eighth of the way.
 */

export type ColorScale = readonly (readonly [number, number, number])[];

/** For confidence v̂: dark is a guess, bright is certainty. */
export const confidenceScale: ColorScale = [
  [68, 1, 84],
  [71, 44, 122],
  [59, 81, 139],
  [44, 113, 142],
  [33, 144, 141],
  [39, 173, 129],
  [92, 200, 99],
  [170, 220, 50],
  [253, 231, 37],
];

/** For weights: dark counts little, bright counts much. */
export const weightScale: ColorScale = [
  [0, 0, 4],
  [31, 12, 72],
  [85, 15, 109],
  [136, 34, 106],
  [186, 54, 85],
  [227, 89, 51],
  [249, 140, 10],
  [249, 201, 50],
  [252, 255, 164],
];

/**
 * @param values one number for each pixel; NaN leaves the pixel transparent
 * @returns RGBA bytes
 */
export function colored(
  values: Float32Array,
  { scale, low, high }: { scale: ColorScale; low: number; high: number },
): Uint8Array {
  const rgba = new Uint8Array(values.length * 4);
  const lastAnchor = scale.length - 1;
  for (const [pixel, value] of values.entries()) {
    if (Number.isNaN(value)) continue;
    const place = Math.min(1, Math.max(0, (value - low) / (high - low))) * lastAnchor;
    const below = Math.min(lastAnchor - 1, Math.floor(place));
    const from = scale[below] as readonly number[];
    const to = scale[below + 1] as readonly number[];
    for (let channel = 0; channel < 3; channel += 1) {
      const start = from[channel] as number;
      rgba[pixel * 4 + channel] = Math.round(start + (place - below) * ((to[channel] as number) - start));
    }
    rgba[pixel * 4 + 3] = 255;
  }
  return rgba;
}

/** The scale as a CSS gradient, lowest value left. */
export function gradientOf(scale: ColorScale): string {
  return `linear-gradient(90deg,${scale.map((color) => `rgb(${color.join(',')})`).join(',')})`;
}
