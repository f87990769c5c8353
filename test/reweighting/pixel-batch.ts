/** Creates small batches with every input of losses, confidences and reweighters, plain or extreme. */
import { losses } from 'coarsely/losses';
import { type ReweighterInput, reweighters, type SampleOrigin } from 'coarsely/reweighting';
import { Generator, rand, randn, type Tensor, tensorFrom, tidy } from 'coarsely/torch';

export interface Situation {
  readonly name: string;
  readonly classCount?: number;
  /** Returns true for pixels without a label, by their place 0 … 23; those of the first image are below 12. */
  readonly ignored?: (index: number) => boolean;
  /** Replaces random logits and predictions of extra heads. */
  readonly value?: (index: number) => number;
  readonly dtype?: 'float32' | 'bfloat16';
}

export const plain: Situation = { name: 'some pixels ignored', ignored: (index) => index % 3 === 0 };

/** Lists inputs that must not make any result infinite. */
export const situations: readonly Situation[] = [
  plain,
  { name: 'no valid pixel', ignored: () => true },
  { name: 'one image ignored whole', ignored: (index) => index < 12 },
  { name: 'one class', classCount: 1 },
  { name: 'logits of ±1e4', value: (index) => (index % 7 < 3 ? 1e4 : -1e4) },
  { name: 'one logit of 1e4 among others of −1e4', value: (index) => (index % 60 < 12 ? 1e4 : -1e4) },
  { name: 'all logits alike', value: () => 0 },
  { name: 'bfloat16 logits', dtype: 'bfloat16', ignored: plain.ignored ?? (() => false) },
];

const [count, height, width] = [2, 3, 4];
export const pixelShape = [count, height, width];

export interface PixelBatch {
  readonly logitsNCHW: Tensor;
  readonly labelsNHW: Tensor;
  readonly validNHW: Tensor;
  /** Predictions of every head that a registered loss declares. */
  readonly extraHeads: Readonly<Record<string, Tensor>>;
  readonly origins: readonly SampleOrigin[];
}

export function pixelBatch(
  { classCount = 5, ignored = () => false, value, dtype = 'float32' }: Situation = plain,
  { seed = 1 }: { readonly seed?: number } = {},
): PixelBatch {
  using generator = new Generator(seed);
  const draw = (channels: number, scale = 1) => {
    const shape = [count, channels, height, width];
    const length = count * channels * height * width;
    const values =
      value === undefined
        ? randn(shape, { dtype: 'float32', generator }).mul(scale)
        : tensorFrom(
            Array.from({ length }, (_, index) => value(index)),
            { dtype: 'float32', shape },
          );
    return values.to({ dtype }).requiresGrad_();
  };
  const labels = Array.from({ length: 24 }, (_, index) => (ignored(index) ? 255 : (index * 7) % classCount));
  const labelsNHW = tensorFrom(labels, { dtype: 'int64', shape: pixelShape });
  const heads = Object.assign({}, ...losses.kinds().map((kind) => losses.get(kind).extraHeads ?? {}));
  return {
    logitsNCHW: draw(classCount, 2),
    labelsNHW,
    validNHW: labelsNHW.ne(255),
    extraHeads: Object.fromEntries(
      Object.entries(heads as Record<string, number>).map(([name, channels]) => [name, draw(channels)]),
    ),
    origins: [
      { index: 0, left: 0, top: 0, right: 1, bottom: 1, mirrored: false },
      { index: 2, left: 0.25, top: 0.5, right: 1.25, bottom: 1, mirrored: true },
    ],
  };
}

const datasetLength = 3;

/** Creates the input of a reweighter, with random confidences and losses. */
export function reweighterInput(situation: Situation = plain, { seed = 1 } = {}): ReweighterInput {
  const { logitsNCHW, labelsNHW, validNHW, origins } = pixelBatch(situation, { seed });
  using generator = new Generator(seed + 100);
  return {
    confidenceNHW: rand(pixelShape, { dtype: 'float32', generator }).mul(2).sub(1),
    lossesNHW: rand(pixelShape, { dtype: 'float32', generator }).mul(validNHW),
    validNHW,
    logitsNCHW: logitsNCHW.detach(),
    labelsNHW,
    agreementNHW: rand(pixelShape, { dtype: 'float32', generator }).mul(2).sub(1),
    origins,
  };
}

/** Creates a reweighter of this kind, with its defaults but for `options`. The caller disposes it. */
export function createReweighter(kind: string, { classCount = 5 } = {}, options: object = {}) {
  using generator = new Generator(1);
  const component = reweighters.get(kind);
  return tidy(() =>
    component.create(component.options.parse(options), { classCount, datasetLength, generator }),
  );
}
