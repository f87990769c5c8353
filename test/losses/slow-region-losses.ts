/** Computes the losses of unlabeled pixels by plain loops in float64, as references for the tests. */

/** Holds a batch as plain numbers, row by row. */
export interface PlainBatch {
  /** Gives the sizes [N, C, H, W]. */
  readonly shape: readonly [number, number, number, number];
  readonly logits: readonly number[];
  readonly labels: readonly number[];
  /** Is 1 for pixels that show the image. */
  readonly inside: readonly number[];
  /** Holds for each image and class 1 where the image's labels have the class. */
  readonly candidates: readonly number[];
  /** Holds colors [N, 3, H, W] from 0 to 1. */
  readonly colors: readonly number[];
}

/** Returns the likelihoods of the classes at a pixel. */
export function likelihoods({ shape, logits }: PlainBatch, image: number, pixel: number): number[] {
  const [, classes, height, width] = shape;
  const area = height * width;
  const values = Array.from(
    { length: classes },
    (_, kind) => logits[(image * classes + kind) * area + pixel] ?? 0,
  );
  const largest = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - largest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

/** Returns the mean over images of the mean over pixels of what `lossOf` gives; null leaves a pixel out. */
export function meanOverImages(
  { shape }: PlainBatch,
  lossOf: (image: number, pixel: number) => number | null,
  perImage = true,
): number {
  const [images, , height, width] = shape;
  const found = Array.from({ length: images }, (_, image) =>
    Array.from({ length: height * width }, (_, pixel) => lossOf(image, pixel)).filter(
      (loss) => loss !== null,
    ),
  );
  const mean = (losses: readonly number[]) =>
    losses.length === 0 ? 0 : losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  return perImage ? mean(found.map(mean)) : mean(found.flat());
}

/** Returns −log of the summed likelihood of the classes that are allowed; all where none is. */
export function setLoss(shares: readonly number[], allowed: (kind: number) => boolean, q = 0): number {
  const chosen = shares.filter((_, kind) => allowed(kind));
  const sum = chosen.length === 0 ? 1 : chosen.reduce((total, share) => total + share, 0);
  return q === 0 ? -Math.log(sum) : (1 - sum ** q) / q;
}

export function slowCandidates(batch: PlainBatch, { q = 0, perImage = true } = {}): number {
  const [, classes, height, width] = batch.shape;
  return meanOverImages(
    batch,
    (image, pixel) => {
      const place = image * height * width + pixel;
      if (batch.labels[place] !== 255 || batch.inside[place] !== 1) return null;
      return setLoss(
        likelihoods(batch, image, pixel),
        (kind) => batch.candidates[image * classes + kind] === 1,
        q,
      );
    },
    perImage,
  );
}
