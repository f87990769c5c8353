/** Defines the size of an image, and how a size is compared and scaled. */

/** Holds a width and a height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Returns an error message when the label file at `path` differs from its image in size, and null otherwise. */
export function sizeMismatch(
  path: string,
  { image, labels }: { readonly image: Size; readonly labels: Size },
): string | null {
  if (image.width === labels.width && image.height === labels.height) return null;
  return `${path}: labels are ${labels.width}×${labels.height}, but the image is ${image.width}×${image.height}`;
}

/**
 * Returns the size of an image that is fitted into `limits` with its aspect ratio kept, as mmcv's `imrescale` does: the
 * longer limit bounds the longer edge and the shorter limit the shorter edge, whatever the orientation.
 */
export function scaledToFit({ width, height }: Size, limits: readonly [number, number]): Size {
  const factor = Math.min(
    Math.max(...limits) / Math.max(width, height),
    Math.min(...limits) / Math.min(width, height),
  );
  // At least one pixel remains, however small the factor.
  const scale = (edge: number): number => Math.max(1, Math.floor(edge * factor + 0.5));
  return { width: scale(width), height: scale(height) };
}
