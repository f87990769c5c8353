/** Chooses the counts of labels at which a curve is measured: geometric, denser towards the end, where it is continued. */

/** Gives the parts of the images at which a curve over images is measured. */
const imageParts = [1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 0.7, 1];
/** Gives the steps of a ladder within a power of ten. */
const ladder = [1, 3];

/** Returns the counts of images of a curve over images, the last being all of them. */
export function imageCounts(images: number): number[] {
  return unique(imageParts.map((part) => Math.round(part * images)).filter((count) => count > 0));
}

/**
 * Returns the counts of points for each image, 0 first, up to the first that costs as much as is asked about, and at least
 * 30 and at most `most`.
 *
 * @param wanted the points for each image that the hours buy
 */
export function pointCounts(wanted: number, { most }: { readonly most: number }): number[] {
  const counts = [0];
  for (let power = 1; power <= 10_000; power *= 10) {
    for (const step of ladder) {
      const count = step * power;
      if (count > most) return counts;
      counts.push(count);
      if (count >= Math.max(30, wanted)) return counts;
    }
  }
  return counts;
}

/** Returns the counts of fine images beside coarse ones, 0 first, up to the first that is asked about, and at least 16. */
export function fineCounts(wanted: number, { images }: { readonly images: number }): number[] {
  const counts = [0];
  for (let count = 1; count <= images; count *= 2) {
    counts.push(count);
    if (count >= Math.max(16, wanted)) return counts;
  }
  return unique([...counts, images]);
}

function unique(counts: readonly number[]): number[] {
  return [...new Set(counts)].toSorted((a, b) => a - b);
}
