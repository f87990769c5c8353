/** Draws what stands where in a scene before anything is painted. All lengths are in meters. */

import type { RandomStream } from '../data/index.js';
import type { Camera } from './camera.js';
import { drawLight, type Light, type Sky } from './light.js';
import { drawThings } from './place-things.js';
import { drawStreet, type Street } from './street.js';
import type { Thing } from './things.js';

/** Describes everything in a scene. */
export interface Scene {
  readonly camera: Camera;
  readonly light: Light;
  readonly sky: Sky;
  readonly street: Street;
  /** Lists the things farthest first, in the order of painting. */
  readonly things: readonly Thing[];
  /** Seeds the textures. */
  readonly seed: number;
}

/** Draws a scene for an image of this size, in pixels. The same draws show the same scene at every size. */
export function drawScene(
  random: RandomStream,
  { width, height }: { readonly width: number; readonly height: number },
): Scene {
  const camera: Camera = {
    width,
    height,
    centerX: width * random.uniform(0.36, 0.64),
    horizonY: height * random.uniform(0.4, 0.54),
    focal: Math.max(width, height) * random.uniform(0.75, 0.95),
    eyeHeight: random.uniform(1.35, 1.9),
  };
  const { light, sky } = drawLight(random);
  const street = drawStreet(random);
  const things = drawThings(random, street);
  return { camera, light, sky, street, things, seed: random.uint32() };
}
