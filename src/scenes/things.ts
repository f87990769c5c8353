/**
 * Describes what stands and moves in the street. Lengths are in meters, and `z` is the distance of the nearest point.
 */

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
  /** Sets how dense the leaves are, 0 to 1; sparse crowns let the background through. */
  readonly density: number;
}

export interface Pole extends Placed {
  readonly kind: 'pole';
  readonly height: number;
  readonly width: number;
  readonly color: Rgb;
  readonly top: 'lamp' | 'sign' | 'signal' | 'none';
  /** Gives the sideways reach of a lamp's arm, negative to the left. */
  readonly arm: number;
  readonly sign: Rgb;
}

export interface Car extends Placed {
  readonly kind: 'car';
  readonly body: 'hatchback' | 'sedan' | 'van';
  /** Says whether a car stands along the street, showing its back or its front, or across it. */
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
  /** Gives half the distance between the feet, as a share of the height. */
  readonly stride: number;
}

export type Thing = Tree | Pole | Car | Pedestrian;
