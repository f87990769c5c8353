/** Draws the street itself: roadway, sidewalks, and the fronts along both sides. All lengths are in meters. */

import type { RandomStream } from '../data/index.js';
import type { Rgb } from './canvas.js';
import { smoothNoise } from './noise.js';

type FrontStyle = 'brick' | 'plaster' | 'panel' | 'glass' | 'hedge';

/** Describes a building's front along the street, a hedge, or, with `height` 0, a gap between two fronts. */
export interface Front {
  readonly start: number;
  readonly end: number;
  readonly height: number;
  /** Gives the height of a gable above the eaves; 0 for a flat roof. */
  readonly gable: number;
  /** Gives how far the building reaches back from the street. */
  readonly depth: number;
  readonly style: FrontStyle;
  readonly wall: Rgb;
  readonly glass: Rgb;
  readonly floorHeight: number;
  readonly bay: number;
  /** Gives the share of a bay that a window takes. */
  readonly windowWidth: number;
  /** Gives the share of a floor that a window takes. */
  readonly windowHeight: number;
  readonly shop: boolean;
  readonly seed: number;
}

/** Describes one side of the street. */
export interface Side {
  /** Gives the distance of the fronts from the camera's axis. */
  readonly wall: number;
  /** Gives the distance of the edge of the roadway from the camera's axis. */
  readonly curb: number;
  readonly fronts: readonly Front[];
}

/** Describes the street without the things in it. */
export interface Street {
  /** Describes the left side; the edges of the roadway are at X = −left.curb and X = right.curb. */
  readonly left: Side;
  readonly right: Side;
  /** Gives the distance beyond which only the skyline is seen. */
  readonly end: number;
  readonly asphalt: Rgb;
  readonly paving: Rgb;
  /** Gives the side of a paving slab. */
  readonly slab: number;
  readonly markings: { readonly middle: number; readonly dash: number; readonly edges: boolean };
  /** Gives the distance at which a crosswalk begins; null without one. */
  readonly crossing: number | null;
  readonly skyline: { readonly height: number; readonly trees: number; readonly seed: number };
}

export function drawStreet(random: RandomStream): Street {
  const leftCurb = random.uniform(1.9, 4.8);
  const rightCurb = random.uniform(1.9, 4.8);
  const end = random.uniform(60, 140);
  const gray = random.uniform(0.2, 0.46);
  const warmth = random.uniform(-0.02, 0.04);
  return {
    left: drawSide(random, { curb: leftCurb, end }),
    right: drawSide(random, { curb: rightCurb, end }),
    end,
    asphalt: [gray + warmth, gray, gray - warmth],
    paving: drawPaving(random),
    slab: random.uniform(0.4, 1.1),
    markings: {
      middle: random.uniform(-0.6, 0.6) + (rightCurb - leftCurb) / 2,
      dash: random.uniform(2.5, 5),
      edges: random.chance(0.4),
    },
    crossing: random.chance(0.25) ? random.uniform(7, 22) : null,
    skyline: { height: random.uniform(3, 22), trees: random.uniform(0, 1), seed: random.uint32() },
  };
}

/** Draws a color between asphalt-like gray, light concrete, sandstone and reddish brick. */
function drawPaving(random: RandomStream): Rgb {
  const bright = random.uniform(0.3, 0.6);
  const red = random.chance(0.3) ? random.uniform(0.05, 0.14) : random.uniform(-0.02, 0.05);
  return [bright + red, bright, bright - red * 0.8];
}

function drawSide(random: RandomStream, { curb, end }: { curb: number; end: number }): Side {
  const wall = curb + random.uniform(1.8, 6);
  // Some streets have a park or gardens on one side.
  const green = random.chance(0.25) ? 0.75 : 0.12;
  const fronts: Front[] = [];
  const typical = random.uniform(4, 14);
  const gaps = random.uniform(0.1, 0.4);
  for (let start = random.uniform(-12, 0); start < end; ) {
    const gap = fronts.at(-1)?.height !== 0 && random.chance(gaps);
    const length = gap ? random.uniform(4, 18) : random.uniform(7, 22);
    const place = { start, end: start + length };
    const hedge = !gap && random.chance(green);
    fronts.push(
      hedge ? drawHedge(random, place) : drawFront(random, { ...place, height: gap ? 0 : typical }),
    );
    start += length;
  }
  return { wall, curb, fronts };
}

const styles: readonly FrontStyle[] = ['brick', 'brick', 'plaster', 'plaster', 'panel', 'glass'];

function drawFront(
  random: RandomStream,
  { start, end, height }: Pick<Front, 'start' | 'end' | 'height'>,
): Front {
  const style = styles[random.integer(styles.length)] as FrontStyle;
  const floorHeight = random.uniform(2.7, 3.6);
  const floors = Math.max(1, Math.round((height * Math.exp(0.35 * random.normal())) / floorHeight));
  const pitch = random.uniform(0.25, 0.8);
  return {
    start,
    end,
    height: height === 0 ? 0 : floors * floorHeight + random.uniform(0.3, 1),
    gable: height > 0 && floors < 5 && random.chance(0.5) ? (pitch * (end - start)) / 2 : 0,
    depth: random.uniform(7, 14),
    style,
    wall: drawWall(random, style),
    glass: drawGlass(random),
    floorHeight,
    bay: random.uniform(1.8, 3.6),
    windowWidth: style === 'glass' ? random.uniform(0.8, 0.92) : random.uniform(0.35, 0.62),
    windowHeight: style === 'glass' ? random.uniform(0.75, 0.9) : random.uniform(0.42, 0.62),
    shop: random.chance(0.35),
    seed: random.uint32(),
  };
}

function drawHedge(random: RandomStream, place: Pick<Front, 'start' | 'end'>): Front {
  const bright = random.uniform(0.7, 1.2);
  return {
    ...drawFront(random, { ...place, height: 0 }),
    height: random.uniform(1, 5.5),
    gable: 0,
    depth: random.uniform(1, 4),
    style: 'hedge',
    wall: [0.26 * bright + random.uniform(-0.05, 0.08), 0.35 * bright, 0.15 * bright],
    shop: false,
  };
}

function drawWall(random: RandomStream, style: FrontStyle): Rgb {
  const vary = (): number => random.uniform(-0.07, 0.07);
  const tone = random.uniform(0.75, 1.15);
  const [red, green, blue] = wallOf(style, random.uniform());
  return [(red + vary()) * tone, (green + vary()) * tone, (blue + vary()) * tone];
}

function wallOf(style: FrontStyle, which: number): Rgb {
  switch (style) {
    case 'brick':
      return which < 0.7 ? [0.52, 0.31, 0.24] : [0.6, 0.52, 0.4];
    case 'plaster':
      if (which < 0.4) return [0.84, 0.8, 0.7];
      if (which < 0.6) return [0.78, 0.66, 0.44];
      // Pale green and sky blue are colors that other classes have too.
      return which < 0.8 ? [0.56, 0.62, 0.5] : [0.62, 0.68, 0.76];
    case 'panel':
      return which < 0.6 ? [0.56, 0.55, 0.53] : [0.4, 0.41, 0.43];
    case 'glass':
      return [0.36, 0.41, 0.46];
    case 'hedge':
      return [0.26, 0.35, 0.15];
    default:
      return style satisfies never;
  }
}

function drawGlass(random: RandomStream): Rgb {
  const dark = random.uniform(0.1, 0.34);
  return [dark * 0.9, dark, dark * 1.18];
}

/** Returns the index of the front at this distance along a side, or the number of fronts when there is none. */
export function frontIndexAt(fronts: readonly Front[], z: number): number {
  for (let i = 0; i < fronts.length; i++) if (z < (fronts[i] as Front).end) return i;
  return fronts.length;
}

/** Returns the height of the top at a distance along a side: eaves with a gable, or the ragged top of a hedge. */
export function roofHeight({ start, end, height, gable, style, seed }: Front, z: number): number {
  if (height === 0) return 0;
  if (style === 'hedge')
    return height * (0.55 + 0.35 * smoothNoise(z / 1.9, 0, seed) + 0.2 * smoothNoise(z / 0.4, 0, seed));
  const across = Math.min(1, Math.max(0, (z - start) / (end - start)));
  return height + gable * (1 - Math.abs(2 * across - 1));
}
