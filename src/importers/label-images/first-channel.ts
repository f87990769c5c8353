/** Takes the values of label images that store more than one channel. */

/** Returns the first channel of samples [height, width, channels]. */
export function firstChannel(
  samples: Uint8Array,
  { channels, pixels }: { readonly channels: number; readonly pixels: number },
): Uint8Array {
  if (channels === 1) return samples;
  return Uint8Array.from({ length: pixels }, (_, pixel) => samples[pixel * channels] as number);
}
