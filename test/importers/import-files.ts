/** Writes small images and label images for tests of imports. */

import { encode } from 'fast-png';

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Encodes an RGB image. */
export function rgbPng(size: Size, color: (pixel: number) => readonly number[]): Uint8Array {
  const pixels = size.width * size.height;
  const data = Uint8Array.from({ length: 3 * pixels }, (_, at) => color(Math.floor(at / 3))[at % 3] ?? 0);
  return encode({ ...size, data, channels: 3, depth: 8 });
}

/** Encodes a gray image. */
export function valuePng(size: Size, value: (pixel: number) => number): Uint8Array {
  const data = Uint8Array.from({ length: size.width * size.height }, (_, pixel) => value(pixel));
  return encode({ ...size, data, channels: 1, depth: 8 });
}
