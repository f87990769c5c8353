/**
 * Trains a small network on labels of which some are planted to be wrong, and checks that trimming leaves these out and that
 * correction turns them into the right class.
 */
import { configSchema } from 'coarsely/config';
import { crossEntropy } from 'coarsely/losses';
import { Conv2d, Module } from 'coarsely/nn';
import { AdamW } from 'coarsely/optim';
import { LabelCorrection, Ohem, type Reweighter, Trim, variance } from 'coarsely/reweighting';
import { Generator, randn, scope, type Tensor, tensorFrom, tidy } from 'coarsely/torch';
import { type TrainingComponents, trainStep } from 'coarsely/training';
import { describe, expect, test } from 'vitest';
import { checkCorrection } from '#config/clean-data.js';

const [classCount, pixels, steps] = [3, 1500, 120];

class Network extends Module {
  readonly first: Conv2d;
  readonly second: Conv2d;

  constructor(generator: Generator) {
    super();
    this.first = new Conv2d(2, 16, { kernelSize: 1, generator });
    this.second = new Conv2d(16, classCount, { kernelSize: 1, generator });
  }

  forward(imagesNCHW: Tensor) {
    return {
      logitsNCHW: this.second.forward(this.first.forward(imagesNCHW).relu()),
      auxiliaryLogitsNCHW: null,
    };
  }
}

const truth = (place: number) => place % classCount;
/** Every twentieth pixel has the label of the next class: 5 % of each. */
const isWrong = (place: number) => place % 20 === 7;
const labelOf = (place: number) => (isWrong(place) ? (truth(place) + 1) % classCount : truth(place));
const corners = [
  [0, 2],
  [2, -1],
  [-2, -1],
] as const;

/** Returns four images of pixels around the corner of their class. */
function batchOf(generator: Generator) {
  const noise = Array.from(
    tidy(() => randn([2, pixels], { dtype: 'float32', generator })).toTypedArray(),
    Number,
  );
  const values = Array.from({ length: 2 * pixels }, (_, at) => {
    const [channel, place] = [Math.floor(at / pixels), at % pixels];
    return (corners[truth(place)]?.[channel] ?? 0) + 0.6 * (noise[at] ?? 0);
  });
  const whole = tensorFrom(values, { dtype: 'float32', shape: [2, 4, 1, pixels / 4] });
  const labels = Array.from({ length: pixels }, (_, place) => labelOf(place));
  return {
    imagesNCHW: whole.transpose(0, 1).clone(),
    labelsNHW: tensorFrom(labels, { dtype: 'int64', shape: [4, 1, pixels / 4] }),
  };
}

interface Given {
  readonly reweighter?: Reweighter | null;
  readonly correction?: LabelCorrection | null;
  readonly parts?: number;
}

/** Trains, and returns the mean losses of the steps, the given labels and the logits at the end; a scope of the caller frees them. */
function trained({ reweighter = null, correction = null, parts = 1 }: Given) {
  using generator = new Generator(5);
  const model = tidy(() => new Network(generator));
  const optimizer = new AdamW([{ parameters: model.parameters() }], { weightDecay: 0 });
  optimizer.setLearningRate(0.02);
  const components: TrainingComponents = {
    model,
    optimizer,
    reweighter,
    correction,
    pixelLoss: crossEntropy,
    confidence: variance,
    reduction: 'valid',
    auxiliaryWeight: 0,
  };
  const { imagesNCHW, labelsNHW } = batchOf(generator);
  const main: number[] = [];
  for (let step = 0; step < steps; step++) {
    const losses = trainStep(
      components,
      { imagesNCHW, labelsNHW },
      { phase: 'joint', precision: 'float32', progress: step / steps, gradientAccumulationSteps: parts },
    );
    main.push(losses.main.item());
    for (const loss of Object.values(losses)) loss?.dispose();
  }
  const logitsNCHW = model.forward(imagesNCHW).logitsNCHW.detach();
  for (const part of [model, optimizer]) part.dispose();
  return { main, labelsNHW, logitsNCHW };
}

const numbers = (tensor: Tensor) => Array.from(tensor.toTypedArray(), Number);
const wrongCount = Array.from({ length: pixels }, (_, place) => isWrong(place)).filter(Boolean).length;

describe('planted wrong labels, 5 % of each class', () => {
  test('are what trim leaves out: precision and recall of at least 0.9', () => {
    const trim = new Trim({ classCount, share: 0.05 });
    using _inner = scope();
    const run = trained({ reweighter: trim });
    const { labelsNHW, logitsNCHW } = run;
    const lossesNHW = crossEntropy(logitsNCHW, labelsNHW);
    const confidenceNHW = variance(logitsNCHW, {});
    const input = { lossesNHW, confidenceNHW, labelsNHW, validNHW: labelsNHW.ne(255) };
    const out = numbers(trim.eval().weigh(input)).flatMap((weight, place) => (weight === 0 ? [place] : []));
    const hits = out.filter(isWrong).length;
    expect(wrongCount).toBe(75);
    expect(hits / out.length).toBeGreaterThan(0.9);
    expect(hits / wrongCount).toBeGreaterThan(0.9);
    expect(trim.keptShare).toBeGreaterThan(0.94);
    expect(trim.keptShare).toBeLessThan(0.96);
    trim.dispose();
  });

  test('are turned into the right class by correction, in one part or in several', () => {
    for (const parts of [1, 2]) {
      const correction = new LabelCorrection({ classCount });
      using _inner = scope();
      const run = trained({ correction, parts });
      const { labelsNHW, logitsNCHW } = run;
      expect(numbers(correction.started)).toEqual([1, 1, 1]);
      expect(correction.takeNotice()).toMatch(/training IoU has flattened/);
      const corrected = numbers(correction.correct({ labelsNHW, logitsNCHW, progress: 0.99 }));
      const changed = corrected.flatMap((label, place) => (label === labelOf(place) ? [] : [place]));
      const right = changed.filter((place) => corrected[place] === truth(place)).length;
      expect(right / changed.length).toBeGreaterThan(0.97);
      expect(right / wrongCount).toBeGreaterThan(0.9);
      // Learned from the labels that it made: what is left of the loss is far below that on the given labels.
      expect(run.main.at(-1)).toBeLessThan(0.3 * (run.main[10] as number));
      correction.dispose();
    }
  });

  test('are learned from as they are without either', () => {
    using _inner = scope();
    const run = trained({});
    const given = crossEntropy(run.logitsNCHW, run.labelsNHW).mean().item();
    expect(run.main.at(-1)).toBeCloseTo(given, 2);
    expect(given).toBeGreaterThan(0.15);
  });

  test('are corrected alike where a survey of all parts comes first', () => {
    const found = [1, 2].map((parts) => {
      const correction = new LabelCorrection({ classCount });
      const reweighter = new Ohem({ threshold: 0.99, minKept: 100 });
      using _inner = scope();
      const run = trained({ correction, reweighter, parts });
      const { main } = run;
      correction.dispose();
      reweighter.dispose();
      return main.slice(0, 40);
    });
    for (const [step, value] of (found[0] ?? []).entries()) expect(found[1]?.[step]).toBeCloseTo(value, 3);
  });
});

test('a step that does not say how far the run is cannot correct', () => {
  using _inner = scope();
  using generator = new Generator(5);
  const model = new Network(generator);
  const correction = new LabelCorrection({ classCount });
  const optimizer = new AdamW([{ parameters: model.parameters() }]);
  const components: TrainingComponents = {
    model,
    optimizer,
    reweighter: null,
    correction,
    pixelLoss: crossEntropy,
    confidence: variance,
    reduction: 'valid',
    auxiliaryWeight: 0,
  };
  expect(() => trainStep(components, batchOf(generator), { phase: 'joint', precision: 'float32' })).toThrow(
    'trainStep: correction depends on how far the run is; expected progress in the options, received none',
  );
  for (const part of [model, correction, optimizer]) part.dispose();
});

test('a reweighter that learns from losses of given labels refuses a correction', () => {
  const configOf = (reweighter: object) =>
    configSchema.parse({
      data: { root: 'nowhere' },
      correction: {},
      reweighter: { kind: 'trim', ...reweighter },
    });
  expect(() => checkCorrection(configOf({}))).not.toThrow();
  expect(() => checkCorrection(configOf({ reweighter: { kind: 'meta-weight-net' } }))).toThrow(
    /^correction: replaces labels during training, and reweighter\.reweighter\.kind: meta-weight-net learns from their losses/,
  );
});
