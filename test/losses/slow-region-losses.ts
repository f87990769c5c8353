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
function likelihoods({ shape, logits }: PlainBatch, image: number, pixel: number): number[] {
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
function meanOverImages(
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
function setLoss(shares: readonly number[], allowed: (kind: number) => boolean, q = 0): number {
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

/** Returns the classes of the labels within a square around a pixel. */
function classesAround(
  { shape, labels }: PlainBatch,
  { image, pixel, reach }: { image: number; pixel: number; reach: number },
) {
  const [, , height, width] = shape;
  const [x, y] = [pixel % width, Math.floor(pixel / width)];
  const found = new Set<number>();
  for (let down = Math.max(0, y - reach); down <= Math.min(height - 1, y + reach); down++) {
    for (let across = Math.max(0, x - reach); across <= Math.min(width - 1, x + reach); across++) {
      const label = labels[(image * height + down) * width + across] ?? 255;
      if (label !== 255) found.add(label);
    }
  }
  return found;
}

export function slowRelaxation(batch: PlainBatch, { reach = 3, perImage = true } = {}): number {
  const [, , height, width] = batch.shape;
  return meanOverImages(
    batch,
    (image, pixel) => {
      const near = classesAround(batch, { image, pixel, reach });
      if (near.size < 2 || batch.inside[image * height * width + pixel] !== 1) return null;
      return setLoss(likelihoods(batch, image, pixel), (kind) => near.has(kind));
    },
    perImage,
  );
}

export interface SlowCrfOptions {
  readonly radius?: number;
  readonly stride?: number;
  readonly placeSigma?: number;
  readonly colorSigma?: number;
  readonly destinations?: 'uncovered' | 'all';
  readonly sources?: 'all' | 'labeled' | 'uncovered';
  readonly perImage?: boolean;
}

export function slowGatedCrf(batch: PlainBatch, options: SlowCrfOptions = {}): number {
  const { radius = 5, stride = 1, placeSigma = 6, colorSigma = 0.1 } = options;
  const { destinations = 'uncovered', sources = 'all', perImage = true } = options;
  const [images, , height, width] = batch.shape;
  const [rows, columns] = [Math.floor(height / stride), Math.floor(width / stride)];
  const area = height * width;
  const counts = (gate: string, place: number) => {
    if (batch.inside[place] !== 1) return 0;
    const labeled = batch.labels[place] !== 255;
    return gate === 'all' || labeled === (gate === 'labeled') ? 1 : 0;
  };
  let total = 0;
  let counted = 0;
  const means: number[] = [];
  for (let image = 0; image < images; image++) {
    const cells = Array.from({ length: rows * columns }, (_, cell) => {
      const [left, top] = [(cell % columns) * stride, Math.floor(cell / columns) * stride];
      const pixels = Array.from(
        { length: stride * stride },
        (_, place) => (top + Math.floor(place / stride)) * width + left + (place % stride),
      );
      const mean = (of: (pixel: number) => number) =>
        pixels.reduce((sum, pixel) => sum + of(pixel), 0) / pixels.length;
      const shares = pixels.map((pixel) => likelihoods(batch, image, pixel));
      return {
        x: cell % columns,
        y: Math.floor(cell / columns),
        color: [0, 1, 2].map((channel) =>
          mean((pixel) => batch.colors[(image * 3 + channel) * area + pixel] ?? 0),
        ),
        shares: (shares[0] ?? []).map(
          (_, kind) => shares.reduce((sum, own) => sum + (own[kind] ?? 0), 0) / shares.length,
        ),
        follows: mean((pixel) => counts(destinations, image * area + pixel)),
        followed: mean((pixel) => counts(sources, image * area + pixel)),
      };
    });
    let loss = 0;
    const count = cells.reduce((sum, { follows }) => sum + follows, 0);
    for (const own of cells) {
      for (const other of cells) {
        const [across, down] = [own.x - other.x, own.y - other.y];
        if (own === other || Math.max(Math.abs(across), Math.abs(down)) > radius) continue;
        const colors = own.color.reduce(
          (sum, value, channel) => sum + (value - (other.color[channel] ?? 0)) ** 2,
          0,
        );
        const kernel = Math.exp(
          -(across ** 2 + down ** 2) / (2 * placeSigma ** 2) - colors / (2 * colorSigma ** 2),
        );
        const agreement = own.shares.reduce((sum, share, kind) => sum + share * (other.shares[kind] ?? 0), 0);
        loss += kernel * own.follows * other.followed * (1 - agreement);
      }
    }
    total += loss;
    counted += count;
    means.push(count === 0 ? 0 : loss / count);
  }
  return perImage ? means.reduce((sum, mean) => sum + mean, 0) / images : total / counted;
}
