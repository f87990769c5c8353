/**
 * Checks that what a step takes over the whole batch does not depend on the parts in which the batch is computed, on a
 * network in which no image sees another.
 */
import { candidates, crossEntropy, dice, gatedCrf, lovaszSoftmax, relaxation } from 'coarsely/losses';
import { Conv2d, Dropout2d, Module } from 'coarsely/nn';
import { Sgd } from 'coarsely/optim';
import { LinearArm, Ohem, type OhemOptions, type Reweighter, variance } from 'coarsely/reweighting';
import { Generator, type Kernels, randn, scope, type Tensor, tensorFrom, tidy } from 'coarsely/torch';
import { type Phase, type TrainingComponents, trainStep } from 'coarsely/training';
import { describe, expect, test } from 'vitest';

const [images, classCount, height, width] = [4, 4, 8, 6];

class Network extends Module {
  readonly first: Conv2d;
  readonly dropout: Dropout2d;
  readonly second: Conv2d;

  constructor(generator: Generator, rate: number) {
    super();
    this.first = new Conv2d(3, 6, { kernelSize: 3, padding: 1, generator });
    this.dropout = new Dropout2d(rate, { generator });
    this.second = new Conv2d(6, classCount, { kernelSize: 1, generator });
  }

  forward(imagesNCHW: Tensor) {
    const features = this.dropout.forward(this.first.forward(imagesNCHW).relu());
    return { logitsNCHW: this.second.forward(features).mul(3), auxiliaryLogitsNCHW: null };
  }
}

interface Setting extends Partial<Omit<TrainingComponents, 'model' | 'optimizer' | 'reweighter'>> {
  readonly parts?: number;
  readonly reweigh?: () => Reweighter;
  readonly phase?: Phase;
  readonly kernels?: Kernels;
  readonly dropout?: number;
  /** Places of pixels, in the batch, that are NaN, infinite or anything else in the images. */
  readonly broken?: Readonly<Record<number, number>>;
}

/** Returns the losses of a step, the gradients of all parameters and the share that was kept. */
function stepWith(setting: Setting) {
  const {
    parts = 1,
    reweigh,
    phase = 'joint',
    kernels = 'fused',
    dropout = 0,
    broken = {},
    ...components
  } = setting;
  using _inner = scope();
  using generator = new Generator(3);
  const model = tidy(() => new Network(generator, dropout));
  const optimizer = new Sgd([{ parameters: model.parameters() }]);
  optimizer.setLearningRate(0);
  const reweighter = reweigh?.() ?? null;
  const labels = Array.from({ length: images * height * width }, (_, place) =>
    // The images have different numbers of labels: a mean over parts is not one over pixels.
    place % 5 === 4 || place < 30 ? 255 : (place * 7) % classCount,
  );
  const random = randn([images, 3, height, width], { dtype: 'float32', generator });
  const values = Array.from(random.toTypedArray(), Number).map((value, place) => broken[place] ?? value);
  const imagesNCHW = tensorFrom(values, { dtype: 'float32', shape: [images, 3, height, width] });
  const labelsNHW = tensorFrom(labels, { dtype: 'int64', shape: [images, height, width] });
  const origins = Array.from({ length: images }, (_, index) => ({
    ...{ index, left: 0, right: index === 1 ? 1.4 : 1, top: 0, bottom: 1, mirrored: index === 2 },
  }));
  const gradients: number[] = [];
  const losses = trainStep(
    {
      model,
      optimizer,
      reweighter,
      pixelLoss: crossEntropy,
      confidence: variance,
      reduction: 'valid',
      auxiliaryWeight: 0,
      generator,
      imageClasses: tensorFrom([1, 1, 0, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1], {
        dtype: 'int64',
        shape: [images, classCount],
      }).ne(0),
      ...components,
    },
    { imagesNCHW, labelsNHW, origins, colorsN3HW: imagesNCHW.sigmoid() },
    {
      phase,
      kernels,
      precision: 'float32',
      gradientAccumulationSteps: parts,
      beforeUpdate: () => {
        for (const { grad } of model.parameters())
          gradients.push(...Array.from(grad?.toTypedArray() ?? [], Number));
      },
    },
  );
  const result = {
    gradients,
    objective: losses.objective.item(),
    main: losses.main.item(),
    weighted: losses.weighted?.item() ?? null,
    keptShare: reweighter?.keptShare ?? null,
  };
  for (const loss of Object.values(losses)) loss?.dispose();
  for (const part of [model, optimizer, reweighter]) part?.dispose();
  return result;
}

function expectSame(found: ReturnType<typeof stepWith>, whole: ReturnType<typeof stepWith>): void {
  expect(found.keptShare).toBe(whole.keptShare);
  expect(found.objective).toBeCloseTo(whole.objective, 5);
  expect(whole.gradients.some((value) => Math.abs(value) > 1e-3)).toBe(true);
  for (const [place, value] of whole.gradients.entries())
    expect(found.gradients[place]).toBeCloseTo(value, 5);
}

describe('parts are the whole batch', () => {
  const ohem = (options: OhemOptions) => () => new Ohem(options);
  const classWeights = () => tensorFrom([0.3, 1, 2, 4], { dtype: 'float32', shape: [classCount] });

  test.each([
    ['OHEM by the threshold', { reweigh: ohem({ threshold: 0.4, minKept: 5 }) }],
    ['OHEM by the rank', { reweigh: ohem({ threshold: 0.01, minKept: 40 }) }],
    ['OHEM in stock operators', { reweigh: ohem({ threshold: 0.01, minKept: 40 }), kernels: 'stock' }],
    ['OHEM over all pixels', { reweigh: ohem({ threshold: 0.01, minKept: 40 }), reduction: 'all' }],
    ['the mean', { normScope: 'global' }],
    ['the mean over all pixels', { reduction: 'all' }],
    [
      'losses of regions',
      {
        reduction: 'all',
        regionLosses: [
          { loss: dice(), weight: 1 },
          { loss: lovaszSoftmax(), weight: 0.5 },
        ],
      },
    ],
    [
      'losses of unlabeled pixels',
      {
        reduction: 'all',
        regionLosses: [
          { loss: candidates(), weight: 1, needs: ['layout', 'candidates'] },
          { loss: relaxation({ radius: 1 }), weight: 0.5, needs: ['layout'] },
          { loss: gatedCrf({ stride: 2 }), weight: 0.1, needs: ['layout', 'colors'] },
        ],
      },
    ],
  ] satisfies [string, Setting][])('%s', (_, setting: Setting) => {
    const whole = stepWith(setting);
    for (const parts of [2, 4]) expectSame(stepWith({ ...setting, parts }), whole);
  });

  test('class weights, alone and under OHEM', () => {
    using _inner = scope();
    const weights = classWeights();
    for (const setting of [
      { classWeights: weights, normScope: 'global' },
      { classWeights: weights, reweigh: ohem({ threshold: 0.01, minKept: 40 }) },
    ] satisfies Setting[]) {
      const whole = stepWith(setting);
      for (const parts of [2, 4]) expectSame(stepWith({ ...setting, parts }), whole);
    }
  });

  test('with the scope `process`, OHEM counts in each part and keeps more', () => {
    const options = { threshold: 0.01, minKept: 30 } as const;
    const whole = stepWith({ reweigh: ohem({ ...options, minKeptScope: 'process' }) });
    const parts = stepWith({ reweigh: ohem({ ...options, minKeptScope: 'process' }), parts: 4 });
    expect(whole.keptShare).toBeLessThan(0.25);
    expect(parts.keptShare).toBeGreaterThan(0.7);
    expect(parts.objective).not.toBeCloseTo(whole.objective, 3);
  });

  test('the survey leaves no trace: the step draws the masks that the survey saw', () => {
    const setting = { dropout: 0.5, reweigh: ohem({ threshold: 0.01, minKept: 40 }) } satisfies Setting;
    const { weighted, keptShare } = stepWith({ ...setting, parts: 2 });
    // The weights of all parts sum to the number of parts only if the kept pixels are those of the survey.
    expect(keptShare).toBeLessThan(0.4);
    const again = stepWith({ ...setting, parts: 2, reweigh: () => new Summed(setting.reweigh()) });
    expect(again.weighted).toBe(weighted);
    expect(Summed.sum).toBeCloseTo(2, 5);
  });
});

/** Adds up the weights that another reweighter gives. */
class Summed extends Ohem {
  static sum = 0;

  constructor(inner: Ohem) {
    super({ threshold: inner.threshold, minKept: inner.minKept });
    Summed.sum = 0;
  }

  override get surveyParts(): Reweighter['surveyParts'] {
    const survey = super.surveyParts;
    return (parts) => {
      const weigh = survey?.(parts);
      return (part) => {
        const weightsNHW = weigh?.(part) as Tensor;
        Summed.sum += weightsNHW.sum().item();
        return weightsNHW;
      };
    };
  }
}

describe('a phase switch changes no scale', () => {
  const constant = () => new LinearArm({ slope: 0, intercept: 0.5 });

  test.each(['valid', 'all'] as const)(
    'constant weights are no weights, with the reduction %s',
    (reduction) => {
      const plain = stepWith({ reduction });
      for (const normScope of ['rank', 'global'] as const) {
        const joint = stepWith({ reduction, normScope, reweigh: constant });
        expect(joint.weighted).toBeCloseTo(plain.main, 6);
        for (const [place, value] of plain.gradients.entries())
          expect(joint.gradients[place]).toBeCloseTo(value, 6);
        const isolated = stepWith({ reduction, normScope, reweigh: constant, phase: 'isolated' });
        expect(isolated.objective).toBeCloseTo(2 * plain.main, 6);
        for (const [place, value] of plain.gradients.entries())
          expect(isolated.gradients[place]).toBeCloseTo(value, 6);
      }
    },
  );

  test('with class weights too', () => {
    using _inner = scope();
    const classWeights = tensorFrom([0.3, 1, 2, 4], { dtype: 'float32', shape: [classCount] });
    for (const reduction of ['valid', 'all'] as const) {
      const plain = stepWith({ reduction, classWeights });
      expect(plain.main).not.toBeCloseTo(stepWith({ reduction }).main, 3);
      expect(stepWith({ reduction, classWeights, reweigh: constant }).weighted).toBeCloseTo(plain.main, 6);
    }
  });
});

describe('a logit that is not finite at an ignored pixel', () => {
  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    '%d is seen in the same step',
    (value) => {
      for (const kernels of ['fused', 'stock'] as const) {
        for (const reweigh of [undefined, () => new LinearArm({})]) {
          // The first pixels of the first image have no label, and neither have those around them.
          const found = stepWith({ kernels, broken: { 0: value }, ...(reweigh && { reweigh }) });
          expect(found.main, kernels).toBeGreaterThan(0);
          expect(found.objective, kernels).toBeNaN();
        }
      }
    },
  );

  test('finite logits of any size are no cause', () => {
    expect(stepWith({ broken: { 0: 1e30, 1: -1e30 } }).objective).toBeGreaterThan(0);
  });
});

describe('the pixel loss has a factor', () => {
  test('of 0, which leaves the losses of regions', () => {
    const regionLosses = [{ loss: dice(), weight: 2 }];
    const alone = stepWith({ regionLosses, pixelLossWeight: 0 });
    const both = stepWith({ regionLosses });
    expect(both.objective).toBeCloseTo(alone.objective + both.main, 5);
    expect(alone.objective).toBeGreaterThan(0.5);
  });
});
