/** A pinhole camera above a street: X to the right, Y up from the ground, Z ahead, in meters. */

export interface Camera {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Where the street vanishes, in pixels. */
  readonly centerX: number;
  readonly horizonY: number;
  /** Pixels that one meter covers at one meter's distance. */
  readonly focal: number;
  /** Meters above the ground. */
  readonly eyeHeight: number;
}

export type Point = readonly [x: number, y: number];

/** The image point, in pixels, of a point of the world with `z` > 0. */
export function project(camera: Camera, [x, y, z]: readonly [number, number, number]): Point {
  const scale = camera.focal / z;
  return [camera.centerX + scale * x, camera.horizonY + scale * (camera.eyeHeight - y)];
}
