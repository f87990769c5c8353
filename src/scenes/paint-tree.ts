/** Paints trees: a trunk, and a crown of several clumps of leaves with a ragged outline and holes. */

import { project } from './camera.js';
import type { Canvas, Rgb } from './canvas.js';
import { illuminate } from './light.js';
import { cloudNoise, hash, smoothNoise } from './noise.js';
import { sceneLabels } from './scene-classes.js';
import type { Scene } from './scene-layout.js';
import { behindFronts } from './shadows.js';
import type { Tree } from './things.js';

interface Clump {
  readonly along: number;
  readonly up: number;
  readonly radius: number;
}

const clumpCount = 8;
/** Outlines a trunk in half widths across and trunk heights up; the crown hides the upper end. */
const trunkOutline = [
  [-1.25, 0],
  [-0.9, 0.5],
  [-0.6, 1.25],
  [0.6, 1.25],
  [0.9, 0.5],
  [1.25, 0],
] as const;

export function paintTree(canvas: Canvas, scene: Scene, tree: Tree): void {
  const { camera, light } = scene;
  const { x, z, trunkHeight, crownHeight, crownWidth, seed } = tree;
  const top = trunkHeight + crownHeight;
  const sun = behindFronts(scene, [x, top / 2, z]) ? 0.1 : 1;
  paintTrunk(canvas, scene, { tree, sun });

  const clumps = clumpsOf(tree);
  const meters = z / camera.focal;
  const [left, above] = project(camera, [x - 0.65 * crownWidth, top + 0.3, z]);
  const [right, below] = project(camera, [x + 0.65 * crownWidth, trunkHeight - 0.15 * crownHeight, z]);
  canvas.box([left, above, right, below], {
    label: sceneLabels.tree,
    shade: (column, row) => {
      const along = (column - camera.centerX) * meters - x;
      const up = camera.eyeHeight - (row - camera.horizonY) * meters;
      const clump = nearestClump(clumps, along, up);
      const ragged =
        0.5 * cloudNoise(along * 2.4, up * 2.4, seed) + 0.25 * smoothNoise(along * 7, up * 7, seed + 4);
      const inside = 1.28 - clump.distance - ragged;
      if (inside < 0) return null;
      const hole = cloudNoise(along * 2.9 + 50, up * 2.9, seed + 8);
      if (hole > 0.5 + 0.34 * tree.density + 0.35 * inside) return null;
      // Each clump is a rough ball, lit from above and from the sun's side.
      const facing = 0.5 + 0.42 * clump.up + 0.34 * clump.along * light.sunX;
      const leaf = 0.55 + 0.9 * smoothNoise(along * 5.5, up * 5.5, seed + 12);
      const depth = leaf * (0.62 + 0.5 * Math.max(0, facing));
      const color: Rgb = [tree.leaves[0] * depth, tree.leaves[1] * depth, tree.leaves[2] * depth];
      return illuminate(light, color, { facing: sun * Math.min(1, Math.max(0.08, facing)), z });
    },
  });
}

function paintTrunk(
  canvas: Canvas,
  { camera, light }: Scene,
  { tree: { x, z, trunkHeight, trunkWidth, seed }, sun }: { tree: Tree; sun: number },
): void {
  const lean = (hash(1, 1, seed) - 0.5) * 0.25;
  const half = Math.max(trunkWidth / 2, (0.5 * z) / camera.focal);
  const points = trunkOutline.map(([across, up]) =>
    project(camera, [x + across * half + lean * up, up * trunkHeight, z]),
  );
  canvas.polygon(points, {
    label: sceneLabels.tree,
    shade: (column, row) => {
      const bark = 0.7 + 0.6 * smoothNoise(column * 1.3, row * 0.35, seed + 2);
      const round = ((column - camera.centerX) * (z / camera.focal) - x) / half;
      const facing = sun * Math.max(0.05, 0.4 + 0.5 * round * light.sunX);
      return illuminate(light, [0.3 * bark, 0.25 * bark, 0.2 * bark], { facing, z });
    },
  });
}

function clumpsOf({ trunkHeight, crownHeight, crownWidth, seed }: Tree): Clump[] {
  const middle = trunkHeight + crownHeight / 2;
  const clumps: Clump[] = [{ along: 0, up: middle, radius: 0.36 * Math.min(crownWidth, crownHeight) }];
  for (let i = 0; i < clumpCount; i++) {
    const angle = 2 * Math.PI * ((i + hash(i, 0, seed)) / clumpCount);
    const out = 0.45 + 0.4 * hash(i, 1, seed);
    clumps.push({
      along: (out * Math.cos(angle) * crownWidth) / 2.6,
      up: middle + (out * Math.sin(angle) * crownHeight) / 2.6,
      radius: (0.2 + 0.12 * hash(i, 2, seed)) * Math.min(crownWidth, crownHeight),
    });
  }
  return clumps;
}

/** Returns the distance in radii from the middle of the nearest clump, and the direction of its surface there. */
function nearestClump(
  clumps: readonly Clump[],
  along: number,
  up: number,
): { distance: number; along: number; up: number } {
  let best = { distance: Number.POSITIVE_INFINITY, along: 0, up: 0 };
  for (const clump of clumps) {
    const right = (along - clump.along) / clump.radius;
    const above = (up - clump.up) / clump.radius;
    const distance = Math.hypot(right, above);
    if (distance < best.distance) best = { distance, along: right, up: above };
  }
  return best;
}
