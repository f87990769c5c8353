/** Chooses the colors in which an image of any number of channels is shown. */

/**
 * Returns the pixels [height, width, 3] that a person sees of an image [height, width, channels]: the first three channels,
 * or the first one as gray where there are fewer.
 */
export function visibleColors(
  image: Uint8Array,
  { width, height }: { readonly width: number; readonly height: number },
): Uint8Array {
  const channels = image.length / (width * height);
  if (channels === 3) return image;
  const places = channels < 3 ? [0, 0, 0] : [0, 1, 2];
  return pickChannels(image, { channels, places });
}

/** Returns the pixels [height, width, places.length] that hold the named channels of an image [height, width, channels]. */
export function pickChannels(
  image: Uint8Array,
  { channels, places }: { readonly channels: number; readonly places: readonly number[] },
): Uint8Array {
  const count = places.length;
  const picked = new Uint8Array((image.length / channels) * count);
  for (const [target, source] of places.entries()) {
    for (let to = target, from = source; to < picked.length; to += count, from += channels) {
      picked[to] = image[from] as number;
    }
  }
  return picked;
}
