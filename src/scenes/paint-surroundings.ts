/** Paints everything behind the things in the street: sky, skyline, fronts and ground, with one ray per pixel. */

import type { Canvas, Rgb } from './canvas.js';
import { illuminate } from './light.js';
import { cloudNoise, hash, smoothNoise } from './noise.js';
import { frontColor } from './paint-front.js';
import { groundAt } from './paint-ground.js';
import { sceneLabels } from './scene-classes.js';
import type { Scene } from './scene-layout.js';
import { behindFronts, groundShadows, type ShadowMap } from './shadows.js';
import { type Front, frontIndexAt, roofHeight } from './street.js';

/** Describes where a ray that has not met the ground meets a building or a hedge. */
interface Hit {
  readonly front: Front;
  readonly z: number;
  /** Gives the meters along the surface and up. */
  readonly along: number;
  readonly up: number;
  /** Tells the wall that faces the street from the side wall that faces the camera. */
  readonly face: 'street' | 'camera';
}

/** Describes a ray (right, up, 1) from the camera, per meter ahead. */
interface Ray {
  readonly right: number;
  readonly up: number;
}

export function paintSurroundings(canvas: Canvas, scene: Scene): void {
  const { camera, street } = scene;
  const shadows = groundShadows(scene);
  for (let row = 0; row < canvas.height; row++) {
    const up = (camera.horizonY - row - 0.5) / camera.focal;
    const groundZ = up < 0 ? camera.eyeHeight / -up : Number.POSITIVE_INFINITY;
    for (let column = 0; column < canvas.width; column++) {
      const ray = { right: (column + 0.5 - camera.centerX) / camera.focal, up };
      const hit = traceFronts(scene, ray, groundZ);
      if (hit !== null) {
        const label = hit.front.style === 'hedge' ? sceneLabels.tree : sceneLabels.building;
        canvas.paint(column, row, label, litFront(scene, hit, ray));
      } else if (groundZ < street.end) {
        const { label, color } = litGround(scene, { x: ray.right * groundZ, z: groundZ, shadows });
        canvas.paint(column, row, label, color);
      } else {
        const { label, color } = backdrop(scene, ray);
        canvas.paint(column, row, label, color);
      }
    }
  }
}

/** Returns the first building on the ray before it meets the ground, or null. */
function traceFronts({ street, camera }: Scene, { right, up }: Ray, groundZ: number): Hit | null {
  const side = right < 0 ? street.left : street.right;
  const slant = Math.abs(right);
  const wallZ = side.wall / Math.max(slant, 1e-6);
  if (wallZ > groundZ || wallZ > street.end) return null;
  const first = frontIndexAt(side.fronts, wallZ);
  const met = side.fronts[first];
  if (met === undefined) return null;
  const height = camera.eyeHeight + up * wallZ;
  if (height < roofHeight(met, wallZ)) {
    return { front: met, z: wallZ, along: wallZ - met.start, up: height, face: 'street' };
  }
  // Past a gap or over a lower roof, the ray may meet the side of a building farther on.
  for (let next = first + 1; next < side.fronts.length; next++) {
    const front = side.fronts[next] as Front;
    const behind = slant * front.start - side.wall;
    if (front.start > groundZ || front.start > street.end || behind > front.depth) return null;
    const there = camera.eyeHeight + up * front.start;
    if (there < front.height) return { front, z: front.start, along: behind, up: there, face: 'camera' };
  }
  return null;
}

function litFront(scene: Scene, { front, z, along, up, face }: Hit, { right }: Ray): Rgb {
  const { light, camera } = scene;
  const footprint = z / camera.focal;
  const color = frontColor(front, {
    along,
    up,
    footprint: face === 'street' ? footprint * 1.5 : footprint,
  });
  const towardsSun = face === 'street' ? -Math.sign(right) * light.sunX : -light.sunZ;
  const lambert = Math.max(0, towardsSun) / Math.hypot(1, light.slope);
  const lit = lambert > 0 && !behindFronts(scene, [right * z, up, z]) ? 1.15 * lambert : 0;
  // Walls are darker between two buildings and near the ground, where they see less sky.
  const corner = 0.72 + 0.28 * Math.min(1, up / 3) * (along < 0.2 ? 0.75 : 1);
  return illuminate(light, [color[0] * corner, color[1] * corner, color[2] * corner], { facing: lit, z });
}

function litGround(
  scene: Scene,
  { x, z, shadows }: { x: number; z: number; shadows: ShadowMap },
): { label: number; color: Rgb } {
  const { light, street, camera, seed } = scene;
  const { label, color } = groundAt(street, { x, z, footprint: z / camera.focal, seed });
  const { sun, sky } = shadows(x, z);
  const facing = sun * Math.min(1, 0.3 + light.slope / Math.hypot(1, light.slope));
  const shaded: Rgb = [color[0] * sky, color[1] * sky, color[2] * sky];
  return { label, color: illuminate(light, shaded, { facing, z }) };
}

/** Returns what closes the street: distant buildings and trees, and the sky above them. */
function backdrop(scene: Scene, ray: Ray): { label: number; color: Rgb } {
  const { street, light, camera } = scene;
  const { seed, height, trees } = street.skyline;
  const place = ray.right * 16 + 100;
  const block = Math.floor(place);
  const isTree = hash(block, 1, seed) < trees;
  const meters = isTree
    ? height * (0.25 + 0.5 * hash(block, 2, seed)) * (0.7 + 0.6 * smoothNoise(place * 6, 0, seed))
    : height * (0.3 + 0.9 * hash(block, 2, seed));
  const up = camera.eyeHeight + ray.up * street.end;
  if (up > meters) return { label: sceneLabels.sky, color: skyColor(scene, ray) };
  const z = 0.8 * street.end;
  if (isTree) {
    const leaf = 0.6 + 0.8 * cloudNoise(ray.right * 120, ray.up * 120, seed);
    return {
      label: sceneLabels.tree,
      color: illuminate(light, [0.24 * leaf, 0.32 * leaf, 0.16 * leaf], { facing: 0.5, z }),
    };
  }
  const tone = 0.4 + 0.35 * hash(block, 3, seed);
  const window = Math.floor(place * 7) % 2 === 0 && Math.floor(up / 1.6) % 2 === 0 ? 0.72 : 1;
  const color: Rgb = [tone * window * 1.05, tone * window, tone * window * 0.95];
  return { label: sceneLabels.building, color: illuminate(light, color, { facing: 0.4, z }) };
}

function skyColor({ sky, light, seed }: Scene, { right, up }: Ray): Rgb {
  const height = Math.min(1, Math.max(0, up) * 1.6);
  // Clouds lie on a plane overhead, so they are flatter and denser towards the horizon.
  const plane = 1 / (Math.max(0, up) + 0.18);
  const density = cloudNoise(right * plane * 1.6, plane * 2.2, seed + 21);
  const cloud =
    Math.min(1, Math.max(0, (density - 0.78 + 0.55 * sky.cloudiness) * 5)) * Math.min(1, 0.4 + 4 * up);
  const shade = 0.86 + 0.22 * cloudNoise(right * plane * 3, plane * 4, seed + 22);
  const glow =
    light.direct[0] > 0.3 ? 0.16 * Math.max(0, 1 - 2.2 * Math.hypot(right - light.sunX, up - 0.3)) : 0;
  const mixed = (channel: 0 | 1 | 2): number => {
    const clear = sky.horizon[channel] + (sky.zenith[channel] - sky.horizon[channel]) * height;
    return clear + (sky.cloud[channel] * shade - clear) * cloud + glow;
  };
  return [mixed(0), mixed(1), mixed(2)];
}
