/**
 * Projects points of the world with a pinhole camera above a street: X to the right, Y up from the ground, Z ahead, in
 * meters.
 */

/** Describes a pinhole camera that looks along the street. */
export interface Camera {
  /** Gives the width of the image in pixels. */
  readonly width: number;
  readonly height: number;
  /** Gives the vanishing point of the street in pixels. */
  readonly centerX: number;
  readonly horizonY: number;
  /** Gives the pixels that one meter covers at a distance of one meter. */
  readonly focal: number;
  /** Gives the height of the camera above the ground in meters. */
  readonly eyeHeight: number;
}

/** Holds a point of the image in pixels. */
export type Point = readonly [x: number, y: number];

/** Returns the image point, in pixels, of a point of the world with `z` > 0, in meters. */
export function project(camera: Camera, [x, y, z]: readonly [number, number, number]): Point {
  const scale = camera.focal / z;
  return [camera.centerX + scale * x, camera.horizonY + scale * (camera.eyeHeight - y)];
}
