/** Paints lamp posts, signs and signals, the thin class. */

import { project } from './camera.js';
import type { Canvas, Rgb } from './canvas.js';
import { illuminate } from './light.js';
import { hash } from './noise.js';
import { sceneLabels } from './scene-classes.js';
import type { Scene } from './scene-layout.js';
import { behindFronts } from './shadows.js';
import type { Pole } from './things.js';

const label = sceneLabels.pole;

export function paintPole(canvas: Canvas, scene: Scene, pole: Pole): void {
  const { camera, light } = scene;
  const { x, z, height, color } = pole;
  const pixels = camera.focal / z;
  const sun = behindFronts(scene, [x, height / 2, z]) ? 0 : 1;
  // A pole is at least a pixel wide, as it would otherwise break into dots.
  const half = Math.max(0.5, (pole.width / 2) * pixels);
  const [middle, foot] = project(camera, [x, 0, z]);
  const top = project(camera, [x, height, z])[1];
  const side = Math.sign(light.sunX);
  const metal = (column: number): Rgb => {
    const round = (column - middle) / half;
    return illuminate(light, color, { facing: sun * Math.max(0.05, 0.45 + 0.45 * round * side), z });
  };
  canvas.box([middle - half, top, middle + half, foot], { label, shade: metal });
  paintTop(canvas, scene, { pole, middle, top, pixels, sun });
}

function paintTop(
  canvas: Canvas,
  { light }: Scene,
  {
    pole,
    middle,
    top,
    pixels,
    sun,
  }: { pole: Pole; middle: number; top: number; pixels: number; sun: number },
): void {
  const lit = (color: Rgb): Rgb => illuminate(light, color, { facing: 0.6 * sun, z: pole.z });
  switch (pole.top) {
    case 'lamp': {
      const end = middle + pole.arm * pixels;
      const thick = Math.max(1, 0.09 * pixels);
      const arm = [Math.min(middle, end), top, Math.max(middle, end), top + thick] as const;
      canvas.box(arm, { label, shade: () => lit(pole.color) });
      const half = 0.32 * pixels;
      const head = [end - half, top, end + half, top + Math.max(1, 0.2 * pixels)] as const;
      canvas.box(head, {
        label,
        shade: (_, y) => lit(y - top > 0.12 * pixels ? [0.9, 0.88, 0.8] : pole.color),
      });
      return;
    }
    case 'sign': {
      const radius = Math.max(1, 0.36 * pixels);
      const center = top + radius;
      const round = hash(0, 0, pole.seed) < 0.6;
      canvas.box([middle - radius, top, middle + radius, top + 2 * radius], {
        label,
        shade: (column, row) => {
          const across = Math.abs(column - middle) / radius;
          const up = Math.abs(row - center) / radius;
          const distance = round ? Math.hypot(across, up) : Math.max(across, up);
          if (distance > 1) return null;
          return lit(distance > 0.72 || up < 0.22 ? pole.sign : [0.88, 0.88, 0.86]);
        },
      });
      return;
    }
    case 'signal': {
      const half = Math.max(0.75, 0.17 * pixels);
      const bottom = top + Math.max(2, 0.95 * pixels);
      const shining = Math.floor(3 * hash(1, 0, pole.seed));
      const lamps: readonly Rgb[] = [
        [1, 0.2, 0.15],
        [1, 0.75, 0.2],
        [0.2, 1, 0.5],
      ];
      canvas.box([middle - half, top, middle + half, bottom], {
        label,
        shade: (column, row) => {
          const place = (3 * (row - top)) / (bottom - top);
          const which = Math.floor(place);
          const inLamp = Math.hypot((column - middle) / half, (place - which - 0.5) * 1.9) < 0.75;
          if (inLamp && which === shining) return lamps[which] ?? null;
          return lit(inLamp ? [0.14, 0.12, 0.12] : [0.06, 0.07, 0.06]);
        },
      });
      return;
    }
    case 'none':
      return;
    default:
      pole.top satisfies never;
  }
}
