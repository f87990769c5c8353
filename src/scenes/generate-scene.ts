/**
 * Generated street scenes: a dataset that needs no download. They are stylised, yet built so that a network has something
 * to learn: classes share colors and differ in texture, shape and place; light, weather and materials vary from
 * scene to scene; thin and small things matter; labels are exact to the pixel.
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

export interface GeneratedScene {
  /** [height, width, 3], RGB. */
  readonly image: Uint8Array;
  /** [height, width], places in `sceneClasses`; every pixel is labeled. */
  readonly labels: Uint8Array;
}

export interface SceneOptions {
  /** Non-negative integer; scenes of one seed and different indices are different. */
  readonly seed: number;
  readonly index: number;
  /** Pixels, at least 16 each. The same scene at another size has the same content, seen through another sensor. */
  readonly width: number;
  readonly height: number;
}

// Names for these uses of the seed, apart from other draws under the same seed.
const layoutStream = 0x7363656e;
const sensorStream = 0x73656e73;
const smallestSide = 16;

/** Scene `index` of a seed, the same bytes each time. Throws a DataError for a size below 16 or not in whole pixels. */
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
