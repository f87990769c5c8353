/** Colors the fronts of buildings: walls, windows, shops and roofs. */

import { type Rgb, scaled } from './canvas.js';
import { cloudNoise, hash, resolved, smoothNoise } from './noise.js';
import type { Front } from './street.js';

/** Returns the color, before light, of a front at `along` and `up` meters, where a pixel covers `footprint` meters. */
export function frontColor(
  front: Front,
  { along, up, footprint }: { readonly along: number; readonly up: number; readonly footprint: number },
): Rgb {
  if (front.style === 'hedge') return hedgeColor(front, { along, up });
  if (up > front.height) return roofColor(front, { along, up, footprint });
  const floor = Math.floor(up / front.floorHeight);
  if (front.shop && floor === 0) return shopColor(front, { along, up, footprint });
  const wall = wallColor(front, { along, up, footprint });
  const bay = Math.floor(along / front.bay);
  const across = Math.abs(along / front.bay - bay - 0.5) / (front.windowWidth / 2);
  const upward = Math.abs(up / front.floorHeight - floor - 0.52) / (front.windowHeight / 2);
  const clear = resolved(Math.min(front.bay, front.floorHeight), footprint);
  const edge = Math.max(across, upward);
  // Windows too far away to be seen one by one darken the wall evenly.
  const share = clear * (edge < 1 ? 1 : 0) + (1 - clear) * front.windowWidth * front.windowHeight;
  const frame = edge > 0.84 && edge < 1 && front.style !== 'glass' ? resolved(0.3, footprint) : 0;
  const room = hash(bay, floor, front.seed);
  const pane = room < 0.2 ? 2.1 : 0.7 + 0.7 * room;
  // The upper part of a pane reflects the sky.
  const mirror = 0.14 * (up / front.floorHeight - floor);
  const glass = (channel: 0 | 1 | 2): number => front.glass[channel] * pane + mirror * (1 + 0.2 * channel);
  const mixed = (channel: 0 | 1 | 2): number => {
    const seen = wall[channel] + (glass(channel) - wall[channel]) * share;
    return seen + (0.85 - seen) * frame * 0.7;
  };
  return [mixed(0), mixed(1), mixed(2)];
}

function wallColor(
  { style, wall, seed, floorHeight }: Front,
  { along, up, footprint }: { along: number; up: number; footprint: number },
): Rgb {
  const stains = 0.8 + 0.4 * smoothNoise(along / 2.5, up / 3.5, seed);
  return scaled(wall, stains * grain({ style, seed, floorHeight }, { along, up, footprint }));
}

function grain(
  { style, seed, floorHeight }: Pick<Front, 'style' | 'seed' | 'floorHeight'>,
  { along, up, footprint }: { along: number; up: number; footprint: number },
): number {
  switch (style) {
    case 'brick': {
      // Bricks are drawn larger than real ones, so that small images show a texture.
      const course = Math.floor(up / 0.3);
      const brick = Math.floor(along / 0.6 + (course % 2) / 2);
      return 1 + 0.5 * (hash(brick, course, seed) - 0.5) * resolved(0.3, footprint);
    }
    case 'plaster':
      return 1 + 0.12 * (smoothNoise(along * 3, up * 3, seed + 5) - 0.5) * resolved(0.4, footprint);
    case 'panel':
      return up % floorHeight < 0.16 || along % 3 < 0.12 ? 1 - 0.25 * resolved(0.5, footprint) : 1;
    case 'glass':
      return up % floorHeight < 0.4 ? 0.8 : 1;
    case 'hedge':
      return 1;
    default:
      return style satisfies never;
  }
}

function shopColor(
  front: Front,
  { along, up, footprint }: { along: number; up: number; footprint: number },
): Rgb {
  const unit = Math.floor(along / 5);
  const color = (channel: number): number => 0.15 + 0.6 * hash(unit, channel, front.seed);
  if (up > 0.78 * front.floorHeight) return [color(1), color(2), color(3)];
  const place = along / 5 - unit;
  if (place < 0.05 || place > 0.95 || up < 0.45) return scaled(front.wall, 0.75);
  if (place > 0.72 && place < 0.9) return [color(1) * 0.6, color(2) * 0.6, color(3) * 0.6];
  const goods = smoothNoise(along * 2.2, up * 2.2, front.seed + 9) * resolved(0.6, footprint);
  return [
    front.glass[0] * 0.8 + 0.3 * goods * color(1),
    front.glass[1] * 0.8 + 0.3 * goods * color(2),
    front.glass[2] * 0.8 + 0.3 * goods * color(3),
  ];
}

/** Returns the color of leaves as on trees: rough clumps with dark gaps. */
function hedgeColor({ wall, seed }: Front, { along, up }: { along: number; up: number }): Rgb {
  const clump = 0.45 + 1.0 * cloudNoise(along * 1.2, up * 1.2, seed);
  return scaled(wall, clump * (0.65 + 0.7 * smoothNoise(along * 5.5, up * 5.5, seed + 12)));
}

function roofColor(
  front: Front,
  { along, up, footprint }: { along: number; up: number; footprint: number },
): Rgb {
  const tiles =
    1 +
    0.4 * (hash(Math.floor(along / 0.5), Math.floor(up / 0.35), front.seed) - 0.5) * resolved(0.4, footprint);
  return hash(1, 2, front.seed) < 0.5 ? scaled([0.46, 0.26, 0.2], tiles) : scaled([0.28, 0.28, 0.31], tiles);
}
