/** Paints cars and vans: the end and the side that face the camera, each as a flat outline in perspective. */

import { type Point, project } from './camera.js';
import { type Canvas, type Rgb, scaled } from './canvas.js';
import { illuminate } from './light.js';
import { hash } from './noise.js';
import { sceneLabels } from './scene-classes.js';
import type { Scene } from './scene-layout.js';
import { behindFronts } from './shadows.js';
import type { Car } from './things.js';

const label = sceneLabels.car;
const tire: Rgb = [0.05, 0.05, 0.055];
const wheelRadius = 0.32;

/** Outlines cars from the side, in shares of the length from the back and of the height. */
const sideOutlines: Record<Car['body'], readonly Point[]> = {
  hatchback: [
    [0, 0.17],
    [0, 0.6],
    [0.09, 0.95],
    [0.2, 1],
    [0.52, 1],
    [0.74, 0.64],
    [0.97, 0.55],
    [1, 0.4],
    [1, 0.17],
  ],
  sedan: [
    [0, 0.17],
    [0, 0.58],
    [0.17, 0.64],
    [0.31, 0.97],
    [0.38, 1],
    [0.56, 1],
    [0.74, 0.64],
    [0.97, 0.54],
    [1, 0.4],
    [1, 0.17],
  ],
  van: [
    [0, 0.12],
    [0, 0.97],
    [0.03, 1],
    [0.78, 1],
    [0.9, 0.6],
    [0.98, 0.5],
    [1, 0.3],
    [1, 0.12],
  ],
};

/** Outlines the right half of cars from an end, from the roof down, in shares of half the width and of the height. */
const endOutlines: Record<Car['body'], readonly Point[]> = {
  hatchback: [
    [0.62, 1],
    [0.74, 0.94],
    [0.93, 0.62],
    [1, 0.55],
    [1, 0.3],
    [0.95, 0.16],
  ],
  sedan: [
    [0.6, 1],
    [0.72, 0.95],
    [0.9, 0.63],
    [1, 0.57],
    [1, 0.3],
    [0.95, 0.16],
  ],
  van: [
    [0.9, 1],
    [0.97, 0.96],
    [1, 0.6],
    [1, 0.25],
    [0.96, 0.12],
  ],
};

interface Surface {
  readonly car: Car;
  /** Gives the share of the sun's light on the surface, 0 to 1. */
  readonly facing: number;
}

export function paintCar(canvas: Canvas, scene: Scene, car: Car): void {
  const { light } = scene;
  const shaded = behindFronts(scene, [car.x, car.height / 2, car.z]);
  const level = 1 / Math.hypot(1, light.slope);
  const facingOf = (towardsSun: number): number => (shaded ? 0 : 1.1 * level * Math.max(0, towardsSun));
  const near = car.x - Math.sign(car.x) * (car.width / 2);
  if (car.heading === 'across') {
    paintSide(canvas, scene, { car, facing: facingOf(-light.sunZ), plane: null });
  } else {
    // The long side is visible only when the whole car stands to one side of the camera's axis.
    if (near * car.x > 0) {
      paintSide(canvas, scene, { car, facing: facingOf(-Math.sign(car.x) * light.sunX), plane: near });
    }
    paintEnd(canvas, scene, { car, facing: facingOf(-light.sunZ) });
  }
}

/** Paints the side in the plane X = `plane`, or, for a car across the street, in the plane of its nearest point. */
function paintSide(
  canvas: Canvas,
  scene: Scene,
  { car, facing, plane }: Surface & { plane: number | null },
): void {
  const { camera } = scene;
  const backwards = plane === null ? hash(3, 0, car.seed) < 0.5 : car.heading === 'towards';
  const place = (share: number, up: number): Point => {
    const along = (backwards ? 1 - share : share) * car.length;
    return plane === null
      ? project(camera, [car.x + along - car.length / 2, up, car.z])
      : project(camera, [plane, up, car.z + along]);
  };
  /** Returns what a pixel shows: share of the length, height in meters, and distance in meters. */
  const unplace = (column: number, row: number): readonly [number, number, number] => {
    const z = plane === null ? car.z : (plane * camera.focal) / (column - camera.centerX);
    const along =
      plane === null ? ((column - camera.centerX) * z) / camera.focal - car.x + car.length / 2 : z - car.z;
    const share = along / car.length;
    return [
      backwards ? 1 - share : share,
      camera.eyeHeight - ((row - camera.horizonY) * z) / camera.focal,
      z,
    ];
  };
  const wheels = [0.19, 0.8];
  for (const wheel of wheels) {
    const rim = Array.from({ length: 14 }, (_, i): Point => {
      const angle = (i * Math.PI) / 7;
      const across = (wheelRadius * Math.cos(angle)) / car.length;
      return place(wheel + across, wheelRadius + wheelRadius * Math.sin(angle));
    });
    canvas.polygon(rim, { label, shade: (column, row) => wheelColor(unplace(column, row), wheel) });
  }
  canvas.polygon(
    sideOutlines[car.body].map(([share, up]) => place(share, up * car.height)),
    {
      label,
      shade: (column, row) => {
        const point = unplace(column, row);
        const [share, up, z] = point;
        for (const wheel of wheels) {
          const distance = Math.hypot((share - wheel) * car.length, up - wheelRadius);
          if (distance < wheelRadius) return wheelColor(point, wheel);
          if (distance < wheelRadius + 0.07) return tire;
        }
        const color = sideColor(car, share, up / car.height);
        return illuminate(scene.light, color, { facing, z });
      },
    },
  );

  function wheelColor([share, up, z]: readonly [number, number, number], wheel: number): Rgb {
    const distance = Math.hypot((share - wheel) * car.length, up - wheelRadius) / wheelRadius;
    return illuminate(scene.light, distance < 0.58 ? [0.42, 0.42, 0.44] : tire, { facing, z });
  }
}

function sideColor(car: Car, share: number, up: number): Rgb {
  const van = car.body === 'van';
  const [from, to] = van ? [0.62, 0.84] : car.body === 'sedan' ? [0.24, 0.68] : [0.08, 0.68];
  const slope = van ? 0.25 : 0.34;
  const [low, high] = van ? [0.6, 0.88] : [0.65, 0.93];
  const inset = (up - low) * slope * 1.6;
  if (up > low && up < high && share > from + (van ? 0 : inset * 0.5) && share < to - inset) {
    const pillar = !van && Math.abs(share - 0.44) < 0.012;
    if (!pillar) return glassColor(car, (up - low) / (high - low));
  }
  if (up < 0.22) return scaled(car.paint, 0.35);
  const door =
    !van && up > 0.25 && up < 0.64 && (Math.abs(share - 0.44) < 0.006 || Math.abs(share - 0.68) < 0.006);
  return paintColor(car, up, door ? 0.6 : 1);
}

function paintEnd(canvas: Canvas, scene: Scene, { car, facing }: Surface): void {
  const { camera, light } = scene;
  const half = car.width / 2;
  const meters = car.z / camera.focal;
  const place = (across: number, up: number): Point =>
    project(camera, [car.x + across * half, up * car.height, car.z]);
  for (const wheel of [-1, 1]) {
    const corners = [
      place(0.62 * wheel, 0.25),
      place(0.95 * wheel, 0.25),
      place(0.95 * wheel, 0),
      place(0.62 * wheel, 0),
    ];
    canvas.polygon(corners, { label, shade: () => illuminate(light, tire, { facing: 0, z: car.z }) });
  }
  const right = endOutlines[car.body];
  const left = right.toReversed().map(([across, up]): Point => [-across, up]);
  canvas.polygon(
    [...right, ...left].map(([across, up]) => place(across, up)),
    {
      label,
      shade: (column, row) => {
        const across = ((column - camera.centerX) * meters - car.x) / half;
        const up = (camera.eyeHeight - (row - camera.horizonY) * meters) / car.height;
        return illuminate(light, endColor(car, Math.abs(across), up), { facing, z: car.z });
      },
    },
  );
}

function endColor(car: Car, across: number, up: number): Rgb {
  const van = car.body === 'van';
  const [low, high] = van ? [0.6, 0.88] : [0.64, 0.93];
  const behindGlass = !van || car.heading === 'towards' || hash(2, 0, car.seed) < 0.5;
  if (behindGlass && up > low && up < high && across < 0.84 - (up - low) * (van ? 0.2 : 0.6)) {
    return glassColor(car, (up - low) / (high - low));
  }
  const lamps = van ? up > 0.3 && up < 0.48 && across > 0.8 : up > 0.42 && up < 0.57 && across > 0.66;
  if (lamps) return car.heading === 'away' ? [0.62, 0.07, 0.06] : [0.95, 0.93, 0.85];
  if (across < 0.24 && up > 0.29 && up < 0.38)
    return car.heading === 'away' ? [0.8, 0.66, 0.2] : [0.86, 0.86, 0.84];
  if (car.heading === 'towards' && across < 0.55 && up > 0.38 && up < 0.5) return [0.08, 0.08, 0.09];
  if (up < 0.26) return [0.1, 0.1, 0.11];
  return paintColor(car, up, 1);
}

/** Returns the color of the paint, which reflects more of the sky the more it faces up. */
function paintColor(car: Car, up: number, tone: number): Rgb {
  const mirror = 0.1 * Math.max(0, up - 0.35);
  const by = (0.72 + 0.42 * up) * tone;
  return [car.paint[0] * by + mirror, car.paint[1] * by + mirror, car.paint[2] * by + mirror * 1.15];
}

function glassColor(car: Car, up: number): Rgb {
  const dark = 0.09 + 0.2 * up + 0.08 * hash(4, 0, car.seed);
  return [dark * 0.92, dark, dark * 1.1];
}
