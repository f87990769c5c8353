/** Checks that a batch computed in parts has the gradients of the whole, and how a batch may be divided. */
import { configSchema } from 'coarsely/config';
import { crossEntropy } from 'coarsely/losses';
import { Conv2d, Module } from 'coarsely/nn';
import { Sgd } from 'coarsely/optim';
import { Arm, type SampleOrigin, variance } from 'coarsely/reweighting';
import { Generator, randn, type Tensor, tensorFrom, tidy } from 'coarsely/torch';
import { trainStep } from 'coarsely/training';
import { describe, expect, test } from 'vitest';
import { rankShare } from '#training/rank-share.js';

/** Two convolutions and nothing that mixes images. */
class TwoConvolutions extends Module {
  readonly first: Conv2d;
  readonly second: Conv2d;

  constructor(generator: Generator) {
    super();
    this.first = new Conv2d(3, 6, { kernelSize: 3, padding: 1, generator });
    this.second = new Conv2d(6, 4, { kernelSize: 1, generator });
  }

  forward(imagesNCHW: Tensor) {
    return {
      logitsNCHW: this.second.forward(this.first.forward(imagesNCHW).relu()),
      auxiliaryLogitsNCHW: null,
    };
  }
}

interface Given {
  readonly withArm: boolean;
  /** The images of the batch that are taken; all four by default. */
  readonly images?: readonly [first: number, count: number];
}

function gradientsWith(accumulation: number, { withArm, images: [first, count] = [0, 4] }: Given) {
  using generator = new Generator(3);
  const model = new TwoConvolutions(generator);
  const reweighter = withArm ? new Arm({ generator }) : null;
  const optimizer = new Sgd([{ parameters: model.parameters() }]);
  optimizer.setLearningRate(0);
  // The first image has few labels: a mean over parts is not one over pixels.
  const labelOf = (place: number) => (place % 5 === 4 || place < 30 ? 255 : place % 4);
  const values = Array.from({ length: 4 * 8 * 6 }, (_, place) => labelOf(place));
  const imagesNCHW = tidy(() => randn([4, 3, 8, 6], { dtype: 'float32', generator }).narrow(0, first, count));
  const labelsNHW = tidy(() =>
    tensorFrom(BigInt64Array.from(values, BigInt), { dtype: 'int64', shape: [4, 8, 6] }).narrow(
      0,
      first,
      count,
    ),
  );
  const origins: SampleOrigin[] = [0, 1, 2, 3].slice(first, first + count).map((index) => ({
    index,
    left: 0,
    top: 0,
    right: 1,
    bottom: 1,
    mirrored: false,
  }));
  const gradients: number[][] = [];
  try {
    const losses = trainStep(
      {
        model,
        optimizer,
        reweighter,
        pixelLoss: crossEntropy,
        confidence: variance,
        reduction: withArm ? 'valid' : 'all',
        auxiliaryWeight: 0,
      },
      { imagesNCHW, labelsNHW, origins },
      {
        phase: 'joint',
        precision: 'float32',
        gradientAccumulationSteps: accumulation,
        beforeUpdate: () => {
          for (const parameter of model.parameters()) {
            const gradient = parameter.grad;
            gradients.push(Array.from(gradient?.toTypedArray() ?? [], Number));
            gradient?.dispose();
          }
        },
      },
    );
    const read = { main: losses.main.item(), objective: losses.objective.item() };
    for (const loss of Object.values(losses)) loss?.dispose();
    return { gradients, ...read };
  } finally {
    for (const part of [model, reweighter, optimizer, imagesNCHW, labelsNHW]) part?.dispose();
  }
}

test('parts of a batch give the gradients and the loss of the whole', () => {
  const whole = gradientsWith(1, { withArm: false });
  for (const accumulation of [2, 4]) {
    const inParts = gradientsWith(accumulation, { withArm: false });
    expect(inParts.main).toBeCloseTo(whole.main, 6);
    for (const [place, gradient] of whole.gradients.entries()) {
      expect(gradient.some((value) => Math.abs(value) > 1e-4)).toBe(true);
      for (const [index, value] of gradient.entries())
        expect(inParts.gradients[place]?.[index]).toBeCloseTo(value, 6);
    }
  }
});

test('weights are normalized over each part', () => {
  const inParts = gradientsWith(2, { withArm: true });
  const parts = ([0, 2] as const).map((first) => gradientsWith(1, { withArm: true, images: [first, 2] }));
  const [one, other] = parts as [(typeof parts)[0], (typeof parts)[0]];
  expect(inParts.objective).toBeCloseTo((one.objective + other.objective) / 2, 6);
  for (const [place, gradient] of inParts.gradients.entries())
    for (const [index, value] of gradient.entries()) {
      const [mine, theirs] = [one, other].map(({ gradients }) => gradients[place]?.[index] ?? Number.NaN);
      expect(value).toBeCloseTo(((mine as number) + (theirs as number)) / 2, 6);
    }
  expect(inParts.objective).not.toBeCloseTo(gradientsWith(1, { withArm: true }).objective, 4);
});

test('a batch that parts do not divide is refused', () => {
  expect(() => gradientsWith(3, { withArm: false })).toThrow(
    /expected a batch of a multiple of 3 images, received 4/,
  );
});

describe('the share of a rank', () => {
  const configOf = (training: object, rest: object = {}) =>
    configSchema.parse({ data: { root: 'nowhere' }, training, ...rest });

  test('is the batch over the processes, in parts', () => {
    expect(rankShare(configOf({ batchSize: 16, gradientAccumulationSteps: 2 }), 4)).toEqual({
      images: 4,
      cleanImages: 0,
      partImages: 2,
    });
    // Synchronized batch normalization has the variance of both.
    expect(rankShare(configOf({ batchSize: 2 }), 2)).toEqual({
      images: 1,
      cleanImages: 0,
      partImages: 1,
    });
  });

  test.each([
    [configOf({ batchSize: 8 }), 3, /expected a multiple of 3 \(3 processes\), received 8; the nearest is 9/],
    [
      configOf({ batchSize: 8, gradientAccumulationSteps: 3 }),
      2,
      /multiple of 6 \(2 processes times training\.gradientAccumulationSteps = 3\)/,
    ],
    [
      configOf({ batchSize: 4, gradientAccumulationSteps: 4 }),
      1,
      /one image at a time .* expected at least 8/,
    ],
    [configOf({ batchSize: 2 }, { distributed: { syncBatchNorm: false } }), 2, /expected at least 4/],
    [
      configOf({ batchSize: 8, gradientAccumulationSteps: 2 }, { reweighter: { kind: 'meta-weight-net' } }),
      1,
      /training\.gradientAccumulationSteps: expected 1 with reweighter\.kind meta-weight-net, received 2/,
    ],
  ])('refuses what cannot be divided', (config, worldSize, message) => {
    expect(() => rankShare(config, worldSize)).toThrow(message);
  });
});
