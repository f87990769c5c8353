/** Draws the weather and time of day: where the light comes from, its color, and the sky. */

import type { RandomStream } from '../data/index.js';
import type { Rgb } from './canvas.js';

/** Describes the light of a scene. */
export interface Light {
  /** Gives X of the unit vector along the ground towards the sun. */
  readonly sunX: number;
  readonly sunZ: number;
  /** Gives the tangent of the sun's elevation. */
  readonly slope: number;
  /** Gives the color of the light that reaches shadows. */
  readonly ambient: Rgb;
  /** Gives the color of what the sun adds to a surface that faces it. */
  readonly direct: Rgb;
  /** Gives the color of the air. */
  readonly haze: Rgb;
  /** Gives the distance in meters at which the air hides 63 % of a thing. */
  readonly hazeDistance: number;
}

/** Describes the sky of a scene. */
export interface Sky {
  readonly zenith: Rgb;
  readonly horizon: Rgb;
  readonly cloud: Rgb;
  /** Gives the share of the sky that clouds cover. */
  readonly cloudiness: number;
}

type Weather = 'clear' | 'cloudy' | 'overcast' | 'evening';
const weathers: readonly Weather[] = ['clear', 'cloudy', 'cloudy', 'overcast', 'evening'];

export function drawLight(random: RandomStream): { light: Light; sky: Sky } {
  const weather = weathers[random.integer(weathers.length)] as Weather;
  const azimuth = random.uniform(-Math.PI, Math.PI);
  const gray = random.uniform(0.62, 0.95);
  const tint = random.uniform(-0.04, 0.04);
  const overcast: Rgb = [gray + tint, gray + tint / 2, gray - tint / 2];
  const common = { sunX: Math.sin(azimuth), sunZ: Math.cos(azimuth), hazeDistance: random.uniform(110, 420) };
  switch (weather) {
    case 'clear':
    case 'cloudy': {
      const depth = random.uniform(0, 1);
      const horizon: Rgb = [0.74 + 0.1 * depth, 0.83 + 0.05 * depth, 0.93];
      const zenith: Rgb = [0.28 + 0.2 * depth, 0.46 + 0.16 * depth, 0.8 + 0.08 * depth];
      return {
        light: {
          ...common,
          slope: random.uniform(0.5, 1.8),
          ambient: [0.44, 0.47, 0.54],
          direct: [0.66, 0.62, 0.54],
          haze: horizon,
        },
        sky: {
          zenith,
          horizon,
          cloud: [0.96, 0.96, 0.97],
          cloudiness: weather === 'clear' ? random.uniform(0, 0.25) : random.uniform(0.35, 0.75),
        },
      };
    }
    case 'overcast':
      return {
        light: {
          ...common,
          slope: 1.5,
          ambient: [0.7, 0.71, 0.73],
          direct: [0.1, 0.1, 0.1],
          haze: overcast,
          hazeDistance: random.uniform(70, 250),
        },
        sky: {
          zenith: overcast.map((channel) => channel * 0.86) as unknown as Rgb,
          horizon: overcast,
          cloud: overcast.map((channel) => channel * 1.06) as unknown as Rgb,
          cloudiness: random.uniform(0.3, 0.7),
        },
      };
    case 'evening': {
      const warmth = random.uniform(0.4, 1);
      const horizon: Rgb = [0.95, 0.8 - 0.14 * warmth, 0.7 - 0.26 * warmth];
      return {
        light: {
          ...common,
          slope: random.uniform(0.25, 0.5),
          ambient: [0.5, 0.47, 0.5],
          direct: [0.78, 0.58, 0.38],
          haze: horizon,
        },
        sky: {
          zenith: [0.42, 0.5, 0.68],
          horizon,
          cloud: [0.9, 0.72, 0.62],
          cloudiness: random.uniform(0.1, 0.6),
        },
      };
    }
    default:
      return weather satisfies never;
  }
}

/**
 * Returns the color of a surface under this light: `facing` (0 to 1) of the sun's light reaches it, behind `z` meters
 * of air.
 */
export function illuminate(
  { ambient, direct, haze, hazeDistance }: Light,
  [red, green, blue]: Rgb,
  { facing, z }: { readonly facing: number; readonly z: number },
): Rgb {
  const clear = Math.exp(-z / hazeDistance);
  return [
    haze[0] + (red * (ambient[0] + direct[0] * facing) - haze[0]) * clear,
    haze[1] + (green * (ambient[1] + direct[1] * facing) - haze[1]) * clear,
    haze[2] + (blue * (ambient[2] + direct[2] * facing) - haze[2]) * clear,
  ];
}
