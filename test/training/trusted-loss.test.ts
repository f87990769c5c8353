/** Tests what trusted labels add to the objective, by hand, and how batches are put together. */

import type { Batch } from 'coarsely/data';
import { ConfigError } from 'coarsely/errors';
import { crossEntropy } from 'coarsely/losses';
import { Conv2d, Module } from 'coarsely/nn';
import { Sgd } from 'coarsely/optim';
import { type Reweighter, type ReweighterInput, variance } from 'coarsely/reweighting';
import { Generator, randn, scope, type Tensor, tensorFrom } from 'coarsely/torch';
import { type TrainingComponents, trainStep } from 'coarsely/training';
import { describe, expect, test } from 'vitest';
import { mixBatch } from '#training/mixed-batch.js';
import { objectiveOf } from '#training/objective.js';
import { trustedCount } from '#training/trusted-count.js';

const none = 255;
const ln2 = Math.log(2);

function labels(values: readonly number[], shape: readonly number[] = [1, 1, values.length]): Tensor {
  return tensorFrom(BigInt64Array.from(values, BigInt), { dtype: 'int64', shape: [...shape] });
}

/** Logits (z, 0) of six pixels: the loss of class 0 is ln(1 + e^−z), that of class 1 is ln(1 + e^z). */
function logits(): Tensor {
  const z = [0, Math.log(3), -Math.log(3), Math.log(7), 0, Math.log(3)];
  return tensorFrom([...z, ...z.map(() => 0)], { dtype: 'float32', shape: [1, 2, 1, 6] });
}

// Losses in units of ln 2: 1 and 2 of the labels that train, 2 of the points, 3 and 1 of the clean labels.
const trained = [0, 1, none, none, none, none];
const points = [none, none, 0, none, none, none];
const clean = [none, none, none, 1, 1, none];

function objective(
  trusted: readonly (readonly [values: readonly number[], share: number])[],
  { auxiliary = false, ...more }: Partial<TrainingComponents> & { readonly auxiliary?: boolean } = {},
) {
  using _all = scope();
  const components = {
    pixelLoss: crossEntropy,
    confidence: variance,
    reweighter: null,
    reduction: 'valid',
    auxiliaryWeight: 0.5,
    ...more,
  } as TrainingComponents;
  const losses = objectiveOf(components, {
    logitsNCHW: logits(),
    auxiliaryLogitsNCHW: auxiliary ? logits() : null,
    phase: 'joint',
    batch: {
      imagesNCHW: logits(),
      labelsNHW: labels(trained),
      trusted: trusted.map(([values, share]) => ({ labelsNHW: labels(values), share })),
    },
  });
  return { objective: losses.objective.item() / ln2, trusted: (losses.trusted?.item() ?? 0) / ln2 };
}

describe('the objective', () => {
  test('gives trusted labels their shares', () => {
    const found = objective([
      [points, 0.25],
      [clean, 0.125],
    ]);
    expect(found.objective).toBeCloseTo(0.625 * 1.5 + 0.25 * 2 + 0.125 * 2, 5);
    expect(found.trusted).toBeCloseTo(2, 5);
  });

  test('leaves the whole to the others in a batch without a trusted pixel', () => {
    const nothing = trained.map(() => none);
    expect(objective([[nothing, 0.25]]).objective).toBeCloseTo(1.5, 5);
    const found = objective([
      [points, 0.25],
      [nothing, 0.5],
    ]);
    expect(found.objective).toBeCloseTo(0.75 * 1.5 + 0.25 * 2, 5);
  });

  test('counts the auxiliary head and class weights for trusted labels too', () => {
    const trusted = [
      [points, 0.25],
      [clean, 0.125],
    ] as const;
    const whole = 0.625 * 1.5 + 0.375 * 2;
    expect(objective(trusted, { auxiliary: true }).objective).toBeCloseTo(1.5 * whole, 5);
    const classWeights = tensorFrom([1, 3], { dtype: 'float32', shape: [2] });
    // Of class 0 with 1 and of class 1 with 2: (1·1 + 3·2) / 4.
    expect(objective(trusted, { classWeights }).objective).toBeCloseTo(0.625 * 1.75 + 0.375 * 2, 5);
    classWeights.dispose();
  });

  test('shows a reweighter only the labels that train', () => {
    let seen: number[] = [];
    const reweighter = {
      weigh: ({ validNHW }: ReweighterInput) => {
        seen = Array.from(validNHW.toTypedArray(), Number);
        // All weight to the second pixel.
        return tensorFrom([0, 1, 0, 0, 0, 0], { dtype: 'float32', shape: [1, 1, 6] });
      },
    } as unknown as Reweighter;
    const found = objective([[points, 0.25]], { reweighter });
    expect(seen).toEqual([1, 1, 0, 0, 0, 0]);
    expect(found.objective).toBeCloseTo(0.75 * 2 + 0.25 * 2, 5);
  });

  test('shows losses of regions all labels', () => {
    let seen: number[] = [];
    const loss = (_: Tensor, labelsNHW: Tensor) => {
      seen = Array.from(labelsNHW.toTypedArray(), Number);
      return tensorFrom([0], { dtype: 'float32', shape: [1] }).sum();
    };
    objective(
      [
        [points, 0.25],
        [clean, 0.125],
      ],
      { regionLosses: [{ loss, weight: 1 }] } as unknown as Partial<TrainingComponents>,
    );
    expect(seen).toEqual([0, 1, 0, 1, 1, none]);
  });
});

class OneConvolution extends Module {
  readonly only: Conv2d;

  constructor(generator: Generator) {
    super();
    this.only = new Conv2d(3, 4, { kernelSize: 3, padding: 1, generator });
  }

  forward(imagesNCHW: Tensor) {
    return { logitsNCHW: this.only.forward(imagesNCHW), auxiliaryLogitsNCHW: null };
  }
}

/** Returns the gradient and losses of a batch of four images, computed in parts. */
function gradientIn(parts: number) {
  using generator = new Generator(3);
  const model = new OneConvolution(generator);
  const optimizer = new Sgd([{ parameters: model.parameters() }]);
  optimizer.setLearningRate(0);
  using _all = scope();
  const imagesNCHW = randn([4, 3, 8, 6], { dtype: 'float32', generator });
  // Points are in the first and third image alone, and clean labels in the last.
  const isPoint = (at: number) => at % 48 === 7 && Math.floor(at / 48) % 2 === 0;
  const map = (label: (at: number) => number) =>
    labels(
      Array.from({ length: 192 }, (_, at) => label(at)),
      [4, 8, 6],
    );
  const gradient: number[] = [];
  const losses = trainStep(
    {
      model,
      optimizer,
      reweighter: null,
      pixelLoss: crossEntropy,
      confidence: variance,
      reduction: 'valid',
      auxiliaryWeight: 0,
      normScope: 'global',
    },
    {
      imagesNCHW,
      labelsNHW: map((at) => (isPoint(at) || at >= 144 ? none : at % 3)),
      trusted: [
        { labelsNHW: map((at) => (isPoint(at) ? 3 : none)), share: 0.3 },
        { labelsNHW: map((at) => (at < 144 || at % 5 === 0 ? none : at % 4)), share: 0.2 },
      ],
    },
    {
      phase: 'joint',
      precision: 'float32',
      gradientAccumulationSteps: parts,
      beforeUpdate: () => {
        for (const { grad } of model.parameters()) {
          if (grad) gradient.push(...(grad.toTypedArray() as Float32Array));
        }
      },
    },
  );
  const values = Object.values(losses).map((loss) => loss?.item() ?? 0);
  model.dispose();
  optimizer.dispose();
  return { gradient, values };
}

test('a batch in parts has the gradient of the whole', () => {
  const whole = gradientIn(1);
  expect(Math.max(...whole.gradient.map(Math.abs))).toBeGreaterThan(0.01);
  for (const parts of [2, 4]) {
    const found = gradientIn(parts);
    for (const [place, value] of whole.gradient.entries())
      expect(found.gradient[place]).toBeCloseTo(value, 5);
    for (const [place, value] of whole.values.entries()) expect(found.values[place]).toBeCloseTo(value, 5);
  }
});

describe('a batch', () => {
  const batch = (first: number, count: number, label: number): Batch => ({
    step: 0,
    images: Float32Array.from({ length: 3 * 4 * count }, (_, at) => first + Math.floor(at / 12)),
    labels: new Uint8Array(4 * count).fill(label),
    height: 2,
    width: 2,
    names: Array.from({ length: count }, (_, at) => `${first + at}`),
    origins: Array.from({ length: count }, (_, at) => ({
      index: first + at,
      left: 0,
      right: 1,
      top: 0,
      bottom: 1,
      mirrored: false,
    })),
    classPixels: null,
    release: () => undefined,
  });
  const image = {
    path: '',
    width: 2,
    height: 2,
    count: 1,
    unanswered: 0,
    pixels: Uint32Array.of(3),
    classes: Uint8Array.of(7),
  };

  test('holds points apart from the labels that train', () => {
    const mixed = mixBatch(batch(10, 2, 1), {
      points: { labels: new Map([[11, image]]), share: 0.3 },
      clean: null,
      parts: 1,
    });
    expect([...mixed.labels]).toEqual([1, 1, 1, 1, 1, 1, 1, none]);
    expect(mixed.trusted?.map(({ labels: map, share }) => [[...map], share])).toEqual([
      [[none, none, none, none, none, none, none, 7], 0.3],
    ]);
  });

  test('gives each of its parts as many clean crops', () => {
    const mixed = mixBatch(batch(10, 4, 1), {
      points: { labels: new Map([[13, image]]), share: 0.3 },
      clean: { batch: batch(20, 2, 5), share: 0.2 },
      parts: 2,
    });
    expect([...mixed.images].filter((_, at) => at % 12 === 0)).toEqual([10, 11, 20, 12, 13, 21]);
    const rows = (map: Uint8Array) =>
      Array.from({ length: 6 }, (_, at) => [...map.subarray(4 * at, 4 * at + 4)].join());
    const [ones, nothing, fives] = ['1,1,1,1', '255,255,255,255', '5,5,5,5'];
    expect(rows(mixed.labels)).toEqual([ones, ones, nothing, ones, '1,1,1,255', nothing]);
    expect(mixed.trusted?.map(({ labels: map }) => rows(map))).toEqual([
      [nothing, nothing, nothing, nothing, '255,255,255,7', nothing],
      [nothing, nothing, fives, nothing, nothing, fives],
    ]);
    const shown = mixed.origins?.map(({ index, left }) => (left > 1 ? 'none' : index));
    expect(shown).toEqual([10, 11, 'none', 12, 13, 'none']);
  });

  test('divides among clean and other crops so that all parts have equally many', () => {
    const count = (share: number, whole: number, parts: number) =>
      trustedCount({
        key: 'data.clean.share',
        share,
        whole,
        parts,
        unit: { name: 'images', key: 'training.batchSize' },
      });
    expect([count(0.3, 8, 1), count(0.3, 8, 2), count(0.1, 8, 1), count(0.01, 8, 4)]).toEqual([2, 2, 1, 4]);
    expect(() => count(0.3, 2, 2)).toThrow(ConfigError);
    expect(() => count(0.3, 2, 2)).toThrow(
      'data.clean.share: 0.3 leaves none of the 2 images of a batch (training.batchSize) to the labels that train; expected a smaller share, or training.batchSize of at least 4',
    );
  });
});
