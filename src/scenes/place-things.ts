/** Draws where things stand in a street: in rows along the curbs, parked, driving and walking. */

import type { RandomStream } from '../data/index.js';
import { drawCar, drawPedestrian, drawPole, drawTree, type Place, type Sign } from './draw-thing.js';
import type { Street } from './street.js';
import type { Car, Thing } from './things.js';

/** Draws everything in the street, farthest first. */
export function drawThings(random: RandomStream, street: Street): Thing[] {
  const things: Thing[] = [];
  for (const sign of [-1, 1] as const) {
    const side = sign === -1 ? street.left : street.right;
    if (random.chance(0.7)) addRow(random, things, { sign, side, add: drawTree, spacing: [7, 18] });
    addRow(random, things, { sign, side, add: drawPole, spacing: [9, 28] });
    if (random.chance(0.6)) addParked(random, things, { sign, curb: side.curb });
    addWalkers(random, things, { sign, side });
  }
  addTraffic(random, things, street);
  return things.sort((a, b) => b.z - a.z);
}

function addRow(
  random: RandomStream,
  things: Thing[],
  {
    sign,
    side,
    add,
    spacing: [nearest, farthest],
  }: {
    sign: Sign;
    side: Street['left'];
    add: (random: RandomStream, place: Place & { sign: Sign }) => Thing;
    spacing: readonly [number, number];
  },
): void {
  const spacing = random.uniform(nearest, farthest);
  const room = side.wall - side.curb;
  const line = side.curb + random.uniform(0.3, Math.max(0.4, 0.4 * room));
  for (let z = random.uniform(4, 4 + spacing); z < 75; z += spacing * random.uniform(0.75, 1.3)) {
    if (random.chance(0.15)) continue;
    things.push(add(random, { x: sign * (line + random.uniform(-0.15, 0.15)), z, sign }));
  }
}

function addParked(
  random: RandomStream,
  things: Thing[],
  { sign, curb }: { sign: Sign; curb: number },
): void {
  const filled = random.uniform(0.25, 0.8);
  const heading = random.chance(0.7) ? 'away' : 'towards';
  for (let z = random.uniform(5, 11); z < 60; z += random.uniform(5.2, 6.4)) {
    if (random.chance(filled)) things.push(drawCar(random, { x: sign * (curb - 1.05), z, heading }));
  }
}

function addTraffic(random: RandomStream, things: Thing[], { left, right, markings }: Street): void {
  for (const [from, to, heading] of [
    [-left.curb, markings.middle, 'towards'],
    [markings.middle, right.curb, 'away'],
  ] as const) {
    if (to - from < 2.3) continue;
    for (let z = random.uniform(9, 45); z < 70; z += random.uniform(9, 40)) {
      if (things.some((other) => other.kind === 'car' && near(other, { x: (from + to) / 2, z }))) continue;
      things.push(drawCar(random, { x: (from + to) / 2, z, heading }));
    }
  }
  if (random.chance(0.12)) {
    const place = { x: random.uniform(-4, 4), z: random.uniform(14, 34) };
    things.push(drawCar(random, { ...place, heading: 'across' }));
  }
}

function near(car: Car, place: Place): boolean {
  return Math.abs(car.x - place.x) < 2.1 && Math.abs(car.z - place.z) < 6;
}

function addWalkers(
  random: RandomStream,
  things: Thing[],
  { sign, side }: { sign: Sign; side: Street['left'] },
): void {
  const count = random.integer(6);
  for (let i = 0; i < count; i++) {
    const crossing = random.chance(0.12);
    const x = crossing
      ? random.uniform(-2, side.curb)
      : random.uniform(side.curb + 0.4, Math.max(side.curb + 0.5, side.wall - 0.4));
    const z = 5 + 32 * random.uniform() ** 1.4;
    things.push(drawPedestrian(random, { x: sign * x, z }));
    if (random.chance(0.3)) {
      const beside = { x: sign * (x + random.uniform(0.45, 0.65)), z: z + random.uniform(-0.3, 0.3) };
      things.push(drawPedestrian(random, beside));
    }
  }
}
