/** What stands and moves in the street. Positions in meters; `z` is the nearest point's distance. */

import type { Rgb } from './canvas.js';

interface Placed {
  readonly x: number;
  readonly z: number;
  readonly seed: number;
}

export interface Tree extends Placed {
  readonly kind: 'tree';
  readonly trunkHeight: number;
  readonly trunkWidth: number;
  readonly crownHeight: number;
  readonly crownWidth: number;
  readonly leaves: Rgb;
  /** How dense the leaves are, 0 … 1: sparse crowns let the background through. */
  readonly density: number;
}

export interface Pole extends Placed {
  readonly kind: 'pole';
  readonly height: number;
  readonly width: number;
  readonly color: Rgb;
  readonly top: 'lamp' | 'sign' | 'signal' | 'none';
  /** Sideways reach of a lamp's arm, signed. */
  readonly arm: number;
  readonly sign: Rgb;
}

export interface Car extends Placed {
  readonly kind: 'car';
  readonly body: 'hatchback' | 'saloon' | 'van';
  /** Along the street showing its back or its front, or across it. */
  readonly heading: 'away' | 'towards' | 'across';
  readonly length: number;
  readonly width: number;
  readonly height: number;
  readonly paint: Rgb;
}

export interface Pedestrian extends Placed {
  readonly kind: 'pedestrian';
  readonly height: number;
  readonly coat: Rgb;
  readonly trousers: Rgb;
  readonly skin: Rgb;
  readonly hair: Rgb;
  /** Half the distance between the feet, as a share of the height. */
  readonly stride: number;
}

export type Thing = Tree | Pole | Car | Pedestrian;
