/** Finds where the sun does not reach: behind the fronts on its side, under trees, and under and beside cars. */

import { cloudNoise } from './noise.js';
import type { Scene } from './scene-layout.js';
import { frontIndexAt, roofHeight } from './street.js';
import type { Thing } from './things.js';

/** Gives the shares of the sun's and of the sky's light, 0 to 1, that reach a point. */
interface Reach {
  readonly sun: number;
  readonly sky: number;
}

/** Describes an ellipse of shade on the ground. */
interface Shade {
  readonly x: number;
  readonly z: number;
  /** Gives X of the unit vector of the long axis. */
  readonly alongX: number;
  readonly alongZ: number;
  /** Gives half the long axis in meters. */
  readonly along: number;
  /** Gives half the short axis in meters. */
  readonly across: number;
  readonly sun: number;
  readonly sky: number;
  /** Is true for leaves, which let spots of light through. */
  readonly dappled: boolean;
}

/** Returns the light that reaches a point of the ground, given in meters. */
export type ShadowMap = (x: number, z: number) => Reach;

/** Returns whether the fronts on the sun's side hide the sun from a point. */
export function behindFronts(
  { light, street }: Scene,
  [x, y, z]: readonly [number, number, number],
): boolean {
  if (Math.abs(light.sunX) < 0.05) return false;
  const side = light.sunX < 0 ? street.left : street.right;
  const distance = (side.wall - Math.sign(light.sunX) * x) / Math.abs(light.sunX);
  if (distance <= 0.01) return false;
  const front = side.fronts[frontIndexAt(side.fronts, z + distance * light.sunZ)];
  return front !== undefined && roofHeight(front, z + distance * light.sunZ) > y + distance * light.slope;
}

/** Returns the light that reaches each point of the ground. */
export function groundShadows(scene: Scene): ShadowMap {
  const shades = scene.things.flatMap((thing) => shadesOf(thing, scene));
  // Every ground pixel looks at every shade, which is fastest in one flat array.
  const table = Float64Array.from(shades.flatMap(tableRow));
  return (x, z) => {
    let sun = behindFronts(scene, [x, 0, z]) ? 0 : 1;
    let sky = 1;
    for (let row = 0; row < table.length; row += rowLength) {
      const dx = x - (table[row] as number);
      const dz = z - (table[row + 1] as number);
      const alongX = table[row + 2] as number;
      const alongZ = table[row + 3] as number;
      const along = (dx * alongX + dz * alongZ) / (table[row + 4] as number);
      const across = (dx * alongZ - dz * alongX) / (table[row + 5] as number);
      const distance = along * along + across * across;
      if (distance >= 1) continue;
      const soft = Math.min(1, 2.5 * (1 - distance));
      const spots = table[row + 8] === 1 ? Math.min(1, 2.4 * cloudNoise(2.3 * x, 2.3 * z, scene.seed)) : 1;
      sun *= 1 - (table[row + 6] as number) * soft * spots;
      sky *= 1 - (table[row + 7] as number) * soft;
    }
    return { sun, sky };
  };
}

const rowLength = 9;

function tableRow({ x, z, alongX, alongZ, along, across, sun, sky, dappled }: Shade): number[] {
  return [x, z, alongX, alongZ, along, across, sun, sky, dappled ? 1 : 0];
}

function shadesOf(thing: Thing, { light }: Scene): Shade[] {
  switch (thing.kind) {
    case 'tree': {
      const middle = thing.trunkHeight + thing.crownHeight / 2;
      return [
        {
          x: thing.x - (light.sunX * middle) / light.slope,
          z: thing.z - (light.sunZ * middle) / light.slope,
          alongX: light.sunX,
          alongZ: light.sunZ,
          along: thing.crownWidth / 2 + thing.crownHeight / 2 / light.slope,
          across: thing.crownWidth / 2,
          sun: 0.4 + 0.6 * thing.density,
          sky: 0.12,
          dappled: true,
        },
      ];
    }
    case 'car': {
      const sideways = thing.heading === 'across';
      const [halfX, halfZ] = sideways
        ? [thing.length / 2, thing.width / 2]
        : [thing.width / 2, thing.length / 2];
      const under = { alongX: 0, alongZ: 1, along: 1.35 * halfZ, across: 1.35 * halfX, dappled: false };
      const center = { x: thing.x, z: thing.z + halfZ };
      const reach = (0.6 * thing.height) / light.slope;
      return [
        { ...under, ...center, sun: 1, sky: 0.75 },
        { ...under, x: center.x - light.sunX * reach, z: center.z - light.sunZ * reach, sun: 1, sky: 0 },
      ];
    }
    case 'pedestrian': {
      const reach = thing.height / light.slope / 2;
      const cast = { alongX: light.sunX, alongZ: light.sunZ, across: 0.22, dappled: false };
      return [
        {
          ...cast,
          x: thing.x - light.sunX * reach,
          z: thing.z - light.sunZ * reach,
          along: Math.max(0.3, reach),
          sun: 0.9,
          sky: 0,
        },
        { ...cast, x: thing.x, z: thing.z, along: 0.4, across: 0.35, sun: 0.3, sky: 0.35 },
      ];
    }
    case 'pole': {
      const reach = thing.height / light.slope / 2;
      return [
        {
          x: thing.x - light.sunX * reach,
          z: thing.z - light.sunZ * reach,
          alongX: light.sunX,
          alongZ: light.sunZ,
          along: reach,
          across: thing.width,
          sun: 0.9,
          sky: 0,
          dappled: false,
        },
      ];
    }
    default:
      return thing satisfies never;
  }
}
