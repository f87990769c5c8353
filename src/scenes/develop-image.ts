/** Turns painted light into a photograph: lens, exposure and sensor. */

import type { RandomStream } from '../data/index.js';
import type { Canvas } from './canvas.js';
import { hash } from './noise.js';

/** Returns the canvas as 8-bit RGB [height, width, 3]: slightly soft, well exposed or nearly so, and noisy. */
export function developImage(
  { colors, width, height }: Pick<Canvas, 'colors' | 'width' | 'height'>,
  random: RandomStream,
): Uint8Array {
  const softness = random.uniform(0.06, 0.17);
  const exposure = random.uniform(0.85, 1.2);
  const warmth = random.uniform(-0.06, 0.06);
  const gains = [exposure * (1 + warmth), exposure, exposure * (1 - warmth)] as const;
  const contrast = random.uniform(0.92, 1.12);
  const vignette = random.uniform(0, 0.22);
  const noise = random.uniform(2, 6.5);
  const seed = random.uint32();

  const soft = blur(blur(colors, { width, height, softness, step: 3 }), {
    width,
    height,
    softness,
    step: 3 * width,
  });
  const image = new Uint8Array(3 * width * height);
  for (let row = 0, place = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const dx = column / width - 0.5;
      const dy = row / height - 0.5;
      const corner = 1 - vignette * 2 * (dx * dx + dy * dy);
      // The sum of two uniform draws is near enough to a normal one, which takes twelve.
      const gray = noise * 1.4 * (hash(column, row, seed) + hash(column, row, seed + 1) - 1);
      for (let channel = 0; channel < 3; channel++, place++) {
        const exposed = (soft[place] as number) * (gains[channel] as number) * corner;
        // The tone curve of a camera lifts the shadows and keeps the lights.
        const value = exposed * (1.5 - 0.5 * Math.min(1, exposed));
        const colorNoise = 0.8 * noise * (hash(column, row, seed + 2 + channel) - 0.5);
        image[place] = clampByte(255 * (0.5 + (value - 0.5) * contrast) + gray + colorNoise);
      }
    }
  }
  return image;
}

/** Returns each value mixed with its two neighbors `step` places away, across rows or columns. */
function blur(
  values: Float32Array,
  { width, height, softness, step }: { width: number; height: number; softness: number; step: number },
): Float32Array {
  const result = values.slice();
  const [firstRow, firstColumn] = step === 3 ? [0, 1] : [1, 0];
  for (let row = firstRow; row < height - firstRow; row++) {
    const end = 3 * (row * width + width - firstColumn);
    for (let place = 3 * (row * width + firstColumn); place < end; place++) {
      const sides = (values[place - step] as number) + (values[place + step] as number);
      result[place] = (values[place] as number) * (1 - 2 * softness) + sides * softness;
    }
  }
  return result;
}

function clampByte(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : Math.round(value);
}
