/** Paints people on foot: legs, coat, arms and head, in shares of their height. */

import { type Point, project } from './camera.js';
import type { Canvas, Rgb } from './canvas.js';
import { illuminate } from './light.js';
import { hash, smoothNoise } from './noise.js';
import { sceneLabels } from './scene-classes.js';
import type { Scene } from './scene-layout.js';
import { behindFronts } from './shadows.js';
import type { Pedestrian } from './things.js';

export function paintPedestrian(canvas: Canvas, scene: Scene, person: Pedestrian): void {
  const { camera, light } = scene;
  const { x, z, height, stride, seed } = person;
  const sun = behindFronts(scene, [x, height / 2, z]) ? 0 : 1;
  const side = Math.sign(light.sunX);
  const bulk = 0.9 + 0.35 * hash(0, 0, seed);
  const meters = z / camera.focal;
  const part = (outline: readonly Point[], color: Rgb): void => {
    const points = outline.map(([across, up]) =>
      project(camera, [x + across * bulk * height, up * height, z]),
    );
    canvas.polygon(points, {
      label: sceneLabels.pedestrian,
      shade: (column, row) => {
        const across = ((column - camera.centerX) * meters - x) / (0.13 * height);
        const fold = 0.8 + 0.4 * smoothNoise(column * 0.5, row * 0.3, seed);
        const facing = sun * Math.min(1, Math.max(0.05, 0.5 + 0.4 * across * side));
        return illuminate(light, [color[0] * fold, color[1] * fold, color[2] * fold], { facing, z });
      },
    });
  };

  const longCoat = hash(0, 1, seed) < 0.3;
  for (const leg of [-1, 1]) {
    const foot = leg * stride;
    part(quad([leg * 0.045, 0.52], [foot, 0.02], 0.045), person.trousers);
    part(quad([foot - 0.01, 0.035], [foot + 0.05, 0.012], 0.02), [0.08, 0.07, 0.07]);
  }
  part(
    [
      [-0.1, 0.83],
      [0.1, 0.83],
      [0.125, 0.78],
      [0.1, longCoat ? 0.34 : 0.48],
      [-0.1, longCoat ? 0.34 : 0.48],
      [-0.125, 0.78],
    ],
    person.coat,
  );
  const swing = stride * 0.6;
  const sleeve: Rgb = [person.coat[0] * 0.85, person.coat[1] * 0.85, person.coat[2] * 0.85];
  for (const arm of [-1, 1]) part(quad([arm * 0.115, 0.8], [arm * 0.135 - swing, 0.46], 0.026), sleeve);
  part(disc(0.925, 0.068), person.hair);
  part(disc(0.908, 0.052), hash(0, 2, seed) < 0.6 ? person.skin : person.hair);
  if (hash(0, 3, seed) < 0.3) part(quad([0.15, 0.46], [0.15, 0.28], 0.05), [0.25, 0.16, 0.1]);
}

/** Returns a strip from one point to another, `half` wide on each side. */
function quad([x0, y0]: Point, [x1, y1]: Point, half: number): Point[] {
  return [
    [x0 - half, y0],
    [x0 + half, y0],
    [x1 + half, y1],
    [x1 - half, y1],
  ];
}

function disc(up: number, radius: number): Point[] {
  return Array.from({ length: 12 }, (_, i) => {
    const angle = (i * Math.PI) / 6;
    return [0.8 * radius * Math.cos(angle), up + radius * Math.sin(angle)];
  });
}
