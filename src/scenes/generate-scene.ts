/**
 * Generates street scenes, a dataset that needs no download. They are stylized, yet a network has something to learn:
 * classes share colors and differ in texture, shape and place; light, weather and materials vary between scenes; thin
 * and small things matter; and labels are exact to the pixel.
 */

import { RandomStream } from '../data/index.js';
import { DataError } from '../errors/index.js';
import { Canvas } from './canvas.js';
import { developImage } from './develop-image.js';
import { paintCar } from './paint-car.js';
import { paintPedestrian } from './paint-pedestrian.js';
import { paintPole } from './paint-pole.js';
import { paintSurroundings } from './paint-surroundings.js';
import { paintTree } from './paint-tree.js';
import { drawScene, type Scene } from './scene-layout.js';
import type { Thing } from './things.js';

/** Holds a generated scene. */
export interface GeneratedScene {
  /** Holds the pixels [height, width, 3], RGB. */
  readonly image: Uint8Array;
  /** Holds indices of `sceneClasses` [height, width]; every pixel is labeled. */
  readonly labels: Uint8Array;
}

/** Selects a scene and its size. */
export interface SceneOptions {
  /** Takes a non-negative integer; scenes of one seed and different indices differ. */
  readonly seed: number;
  readonly index: number;
  /** Takes pixels, at least 16. A scene has the same content at every size, with different noise. */
  readonly width: number;
  readonly height: number;
}

// Separate these random draws from others under the same seed.
const layoutStream = 0x7363656e;
const sensorStream = 0x73656e73;
const smallestSide = 16;

/**
 * Generates scene `index` of a seed, with the same bytes each time.
 *
 * @throws {DataError} when width or height is below 16 or not a whole number
 */
export function generateScene({ seed, index, width, height }: SceneOptions): GeneratedScene {
  if (![width, height].every((side) => Number.isInteger(side) && side >= smallestSide)) {
    throw new DataError(
      `generateScene: expected width and height of at least ${smallestSide} pixels, received ${width}×${height}`,
    );
  }
  const scene = drawScene(new RandomStream(seed, [layoutStream, index]), { width, height });
  const canvas = new Canvas({ width, height });
  paintSurroundings(canvas, scene);
  for (const thing of scene.things) paintThing(canvas, scene, thing);
  const image = developImage(canvas, new RandomStream(seed, [sensorStream, index]));
  return { image, labels: canvas.labels };
}

function paintThing(canvas: Canvas, scene: Scene, thing: Thing): void {
  switch (thing.kind) {
    case 'tree':
      paintTree(canvas, scene, thing);
      break;
    case 'pole':
      paintPole(canvas, scene, thing);
      break;
    case 'car':
      paintCar(canvas, scene, thing);
      break;
    case 'pedestrian':
      paintPedestrian(canvas, scene, thing);
      break;
    default:
      thing satisfies never;
  }
}
