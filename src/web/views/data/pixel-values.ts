/** Reads single pixels of a layer, from a gray picture whose values are classes or bytes of a map. */

import { confidenceOfByte, weightOfByte } from '../../../components/index.js';
import type { Layer } from './data-address.js';
import { fetchPicture, type LayerPicture, layerAddress } from './layer-pictures.js';

/** Returns the value of a pixel of an image. */
export type ReadPixel = (x: number, y: number) => number;

/**
 * Loads the values of a layer.
 *
 * @throws {Error} with the server's sentence when there are none, or when `signal` aborts
 */
export async function loadPixels(picture: LayerPicture, signal: AbortSignal): Promise<ReadPixel> {
  const address = layerAddress({ ...picture, form: 'values' });
  if (address === null) throw new Error('there is no run with a checkpoint');
  const source = await fetchPicture(address, signal);
  try {
    const image = new Image();
    image.src = source;
    await image.decode();
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
    const drawing = canvas.getContext('2d', { willReadFrequently: true });
    drawing?.drawImage(image, 0, 0);
    return (x, y) => drawing?.getImageData(x, y, 1, 1).data[0] ?? 255;
  } finally {
    URL.revokeObjectURL(source);
  }
}

/** Writes the value of a pixel: the name of its class, or the number of a map. */
export function pixelText(
  byte: number,
  { layer, classes }: { readonly layer: Layer; readonly classes: readonly { readonly name: string }[] },
): string {
  if (layer.kind === 'confidence') return confidenceOfByte(byte)?.toFixed(2) ?? 'none';
  if (layer.kind === 'weight') {
    const weight = weightOfByte(byte);
    return weight === null ? 'no label' : weight >= 2 ? '2 or more' : weight.toFixed(2);
  }
  return classes[byte]?.name ?? 'no label';
}
