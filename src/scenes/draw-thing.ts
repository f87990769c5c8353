/** Draws at random what a single thing in the street looks like. */

import type { RandomStream } from '../data/index.js';
import type { Rgb } from './canvas.js';
import type { Car, Pedestrian, Pole, Tree } from './things.js';

/** Tells left (−1) from right (1) of the camera. */
export type Sign = -1 | 1;

/** Gives a place in meters to the right and ahead of the camera. */
export interface Place {
  readonly x: number;
  readonly z: number;
}

export function drawTree(random: RandomStream, { x, z }: Place): Tree {
  const size = random.uniform(0.7, 1.35);
  const season = random.uniform();
  const bright = random.uniform(0.7, 1.25);
  const leaves: Rgb =
    season < 0.65 ? [0.25, 0.36, 0.14] : season < 0.85 ? [0.5, 0.38, 0.15] : [0.36, 0.32, 0.22];
  return {
    kind: 'tree',
    x,
    z,
    trunkHeight: random.uniform(1.6, 2.8) * size,
    trunkWidth: random.uniform(0.16, 0.36) * size,
    crownHeight: random.uniform(3, 6) * size,
    crownWidth: random.uniform(2.4, 4.8) * size,
    leaves: [leaves[0] * bright + random.uniform(-0.04, 0.04), leaves[1] * bright, leaves[2] * bright],
    density: random.uniform(0.45, 1),
    seed: random.uint32(),
  };
}

const tops: readonly Pole['top'][] = ['lamp', 'lamp', 'sign', 'signal', 'none'];
const signs: readonly Rgb[] = [
  [0.75, 0.12, 0.12],
  [0.15, 0.25, 0.65],
  [0.85, 0.85, 0.85],
  [0.85, 0.7, 0.1],
];

export function drawPole(random: RandomStream, { x, z, sign }: Place & { sign: Sign }): Pole {
  const top = tops[random.integer(tops.length)] as Pole['top'];
  const gray = random.uniform(0.14, 0.6);
  return {
    kind: 'pole',
    x,
    z,
    height: top === 'lamp' ? random.uniform(5, 8.5) : random.uniform(2.4, 3.8),
    width: random.uniform(0.12, 0.24),
    color: [gray, gray * random.uniform(0.95, 1.05), gray * random.uniform(0.92, 1.08)],
    top,
    arm: -sign * random.uniform(0.6, 2),
    sign: signs[random.integer(signs.length)] as Rgb,
    seed: random.uint32(),
  };
}

const paints: readonly Rgb[] = [
  [0.06, 0.06, 0.07],
  [0.16, 0.17, 0.19],
  [0.36, 0.37, 0.39],
  [0.62, 0.63, 0.64],
  [0.88, 0.88, 0.87],
  [0.88, 0.88, 0.87],
  [0.5, 0.08, 0.08],
  [0.1, 0.16, 0.4],
  [0.2, 0.3, 0.24],
  [0.5, 0.44, 0.32],
];

export function drawCar(random: RandomStream, { x, z, heading }: Place & Pick<Car, 'heading'>): Car {
  const which = random.uniform();
  const body = which < 0.45 ? 'hatchback' : which < 0.85 ? 'sedan' : 'van';
  const paint = paints[random.integer(paints.length)] as Rgb;
  const van = body === 'van';
  return {
    kind: 'car',
    x,
    z,
    body,
    heading,
    length: van ? random.uniform(4.8, 5.8) : random.uniform(3.7, 4.7),
    width: van ? random.uniform(1.9, 2.05) : random.uniform(1.65, 1.85),
    height: van ? random.uniform(1.9, 2.4) : random.uniform(1.38, 1.6),
    paint: [
      paint[0] + random.uniform(0, 0.05),
      paint[1] + random.uniform(0, 0.05),
      paint[2] + random.uniform(0, 0.05),
    ],
    seed: random.uint32(),
  };
}

export function drawPedestrian(random: RandomStream, { x, z }: Place): Pedestrian {
  const cloth = (): Rgb => {
    const gray = random.uniform(0.06, 0.75);
    const vivid = random.chance(0.35) ? 0.3 : 0.06;
    const vary = (): number => Math.max(0.03, gray + random.uniform(-vivid, vivid));
    return [vary(), vary(), vary()];
  };
  const skin = random.uniform(0.35, 1);
  const hair = random.uniform(0.05, 0.4);
  return {
    kind: 'pedestrian',
    x,
    z,
    height: random.chance(0.12) ? random.uniform(1.05, 1.4) : random.uniform(1.55, 1.92),
    coat: cloth(),
    trousers: cloth(),
    skin: [0.86 * skin, 0.66 * skin, 0.54 * skin],
    hair: [hair, hair * 0.8, hair * 0.6],
    stride: random.uniform(0.02, 0.14),
    seed: random.uint32(),
  };
}
