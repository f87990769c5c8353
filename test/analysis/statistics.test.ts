import { type ModelWithObjective, measureImage } from 'coarsely/analysis';
import { crossEntropy } from 'coarsely/losses';
import { LinearArm, type Reweighter, variance } from 'coarsely/reweighting';
import { type Tensor, tensorFrom } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import { PixelCollector } from '#analysis/pixel-sample.js';
import { binCenter, binCount, binOf, statisticsOf } from '#analysis/pixel-statistics.js';
import { pixelStatistics } from '#runs/pixel-statistics.js';

const ignored = 255;

/** Six pixels of two classes: the likelihood of class 0, the training label, and the fine label. */
const pixels = [
  { p: 0.5, training: 0, fine: 0 },
  { p: 0.9, training: 0, fine: 0 },
  { p: 0.9, training: 1, fine: 0 },
  { p: 0.6, training: 1, fine: 0 },
  { p: 0.2, training: 1, fine: ignored },
  { p: 0.7, training: ignored, fine: 0 },
];
// Of two classes, v̂ = 2 (2 (p² + (1 − p)²) − 1) − 1.
const confidenceOf = (p: number) => 4 * (p * p + (1 - p) * (1 - p)) - 3;
const trainingLabels = Uint8Array.from(pixels, ({ training }) => training);
const fineLabels = Uint8Array.from(pixels, ({ fine }) => fine);
const sample = { name: 'six', width: 6, height: 1, image: new Uint8Array(18), labels: trainingLabels };

/** Answers every image with the likelihoods of `pixels`. */
function fixedModel(): ModelWithObjective['model'] {
  const logits = Float32Array.from([
    ...pixels.map(({ p }) => Math.log(p)),
    ...pixels.map(({ p }) => Math.log(1 - p)),
  ]);
  return {
    training: false,
    train: () => undefined,
    forward: () => ({ logitsNCHW: tensorFrom(logits, { dtype: 'float32', shape: [1, 2, 1, 6] }) }),
  };
}

function modelWith(reweighter: Reweighter | null): ModelWithObjective {
  return { model: fixedModel(), pixelLoss: crossEntropy, confidence: variance, reweighter, inference: {} };
}

function measure(reweighter: Reweighter | null, images = 1) {
  const model = modelWith(reweighter);
  const collector = new PixelCollector();
  for (let index = 0; index < images; index += 1) {
    const maps = measureImage(model, sample, { trainingLabels, index });
    collector.add({ maps, trainingLabels, fineLabels });
  }
  return statisticsOf(collector.pixels());
}

describe('measureImage', () => {
  test('gives likelihood, confidence, loss and weight of every pixel', () => {
    const reweighter = new LinearArm();
    const maps = measureImage(modelWith(reweighter), sample, { trainingLabels, index: 0 });
    expect([...maps.prediction]).toEqual([0, 0, 0, 0, 1, 0]);
    for (const [index, { p }] of pixels.entries()) {
      expect(maps.likelihood[index]).toBeCloseTo(Math.max(p, 1 - p), 6);
      expect(maps.confidence[index]).toBeCloseTo(confidenceOf(p), 6);
    }
    const expected = [0.5, 0.9, 0.1, 0.4, 0.8].map((p) => -Math.log(p));
    for (const [index, loss] of expected.entries()) expect(maps.losses[index]).toBeCloseTo(loss, 6);
    expect(maps.losses[5]).toBeNaN();
    expect(maps.weights?.[5]).toBeNaN();
    const weights = pixels.slice(0, 5).map(({ p }) => 0.5 - 0.5 * confidenceOf(p));
    const mean = weights.reduce((sum, weight) => sum + weight, 0) / 5;
    for (const [index, weight] of weights.entries()) {
      expect(maps.weights?.[index]).toBeCloseTo(weight / mean, 5);
      expect((maps.weights?.[index] as number) * maps.weightScale).toBeCloseTo(weight, 5);
    }
    reweighter.dispose();
  });
});

describe('statisticsOf', () => {
  test('counts, mean losses and weights of six known pixels', () => {
    const reweighter = new LinearArm();
    const statistics = measure(reweighter);
    reweighter.dispose();
    expect(statistics).toMatchObject({ images: 1, pixels: 5, compared: 4, mislabeled: 2 });
    const loss = (p: number) => -Math.log(p);
    expect(statistics.meanLoss).toBeCloseTo(
      (loss(0.5) + loss(0.9) + loss(0.1) + loss(0.4) + loss(0.8)) / 5,
      5,
    );

    const bins = [0.5, 0.6, 0.2, 0.9].map((p) => binOf(confidenceOf(p)));
    expect(bins).toEqual([0, 1, 14, 25]);
    const at = (list: readonly (number | null)[]) => bins.map((bin) => list[bin]);
    expect(at(statistics.bins.pixels)).toEqual([1, 1, 1, 2]);
    expect(at(statistics.bins.compared)).toEqual([1, 1, 0, 2]);
    expect(at(statistics.bins.mislabeled)).toEqual([0, 1, 0, 1]);
    expect(statistics.bins.pixels.reduce((sum, count) => sum + count, 0)).toBe(5);
    expect(statistics.bins.meanLoss[25]).toBeCloseTo((loss(0.9) + loss(0.1)) / 2, 5);
    expect(statistics.bins.meanLoss[2]).toBeNull();
    const weight = (p: number) => 0.5 - 0.5 * confidenceOf(p);
    const all = weight(0.5) + weight(0.6) + weight(0.2) + 2 * weight(0.9);
    expect(statistics.bins.weightShare[25]).toBeCloseTo((2 * weight(0.9)) / all, 5);
    expect(statistics.bins.weightShare.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
  });

  test('divides the compared pixels at the median of the confidence and of the loss', () => {
    const { byConfidence, byLoss } = measure(null);
    const loss = (p: number) => Number((-Math.log(p)).toFixed(5));
    const cell = (count: number, losses: readonly number[]) => ({
      pixels: count,
      meanLoss:
        losses.length === 0
          ? null
          : expect.closeTo(losses.reduce((sum, one) => sum + one, 0) / losses.length, 4),
      weightShare: expect.closeTo(count / 4, 5),
    });
    // v̂: 0.5 and 0.6 are the unsure ones; of them 0.6 is mislabeled, and of the sure ones one.
    expect(byConfidence?.threshold).toBeCloseTo(confidenceOf(0.9), 5);
    expect(byConfidence?.correct).toEqual({ low: cell(1, [loss(0.5)]), high: cell(1, [loss(0.9)]) });
    expect(byConfidence?.mislabeled).toEqual({ low: cell(1, [loss(0.4)]), high: cell(1, [loss(0.1)]) });
    // The two largest losses are those of the mislabeled pixels.
    expect(byLoss?.threshold).toBeCloseTo(loss(0.5), 4);
    expect(byLoss?.correct).toEqual({ low: cell(2, [loss(0.5), loss(0.9)]), high: cell(0, []) });
    expect(byLoss?.mislabeled).toEqual({ low: cell(0, []), high: cell(2, [loss(0.4), loss(0.1)]) });
  });

  test('shares do not depend on how many images the same pixels come from', () => {
    const reweighter = new LinearArm();
    const [one, three] = [measure(reweighter), measure(reweighter, 3)];
    reweighter.dispose();
    expect(three).toMatchObject({
      images: 3,
      pixels: 15,
      meanLoss: expect.closeTo(one.meanLoss as number, 5),
    });
    for (const [bin, share] of one.bins.weightShare.entries()) {
      expect(three.bins.weightShare[bin]).toBeCloseTo(share, 5);
    }
  });

  test('the weights of two images keep their ratio, though each is normalized alone', () => {
    const collector = new PixelCollector();
    const reweighter = new LinearArm();
    const sure = modelWith(reweighter);
    for (const kept of [0, 1]) {
      const labels = trainingLabels.map((label, pixel) => (pixel === kept ? label : ignored));
      const maps = measureImage(sure, sample, { trainingLabels: labels, index: kept });
      collector.add({ maps, trainingLabels: labels, fineLabels: null });
    }
    const { weights } = collector.pixels();
    reweighter.dispose();
    expect((weights[1] as number) / (weights[0] as number)).toBeCloseTo(
      (1 - confidenceOf(0.9)) / (1 - confidenceOf(0.5)),
      5,
    );
  });

  test('without finer labels nothing is divided, and without pixels nothing is averaged', () => {
    const collector = new PixelCollector();
    const maps = measureImage(modelWith(null), sample, { trainingLabels, index: 0 });
    collector.add({ maps, trainingLabels, fineLabels: null });
    expect(statisticsOf(collector.pixels())).toMatchObject({
      pixels: 5,
      compared: 0,
      byLoss: null,
      byConfidence: null,
    });
    const empty = statisticsOf(new PixelCollector().pixels());
    expect(empty).toMatchObject({ images: 0, pixels: 0, meanLoss: null });
    expect(empty.bins.weightShare).toEqual(new Array(binCount).fill(0));
    expect(pixelStatistics.parse(JSON.parse(JSON.stringify(empty)))).toEqual(empty);
  });

  test('saturated confidence counts as high', () => {
    const confidence = Float32Array.from([1, 1, 1, 0]);
    const { byConfidence } = statisticsOf({
      images: 1,
      confidence,
      losses: new Float32Array(4),
      weights: new Float32Array(4).fill(1),
      states: new Uint8Array(4),
    });
    expect(byConfidence?.correct).toMatchObject({ low: { pixels: 1 }, high: { pixels: 3 } });
  });

  test('maps of another size are refused', () => {
    const maps = measureImage(modelWith(null), sample, { trainingLabels, index: 0 });
    const mixed = { maps, trainingLabels: new Uint8Array(4), fineLabels: null };
    expect(() => new PixelCollector().add(mixed)).toThrow('expected maps of 4 pixels, received 6');
  });
});

test('intervals cover [−1, 1] evenly', () => {
  expect([-1, -0.95001, -0.95, 0, 0.999, 1].map(binOf)).toEqual([0, 0, 1, 20, 39, 39]);
  expect(binCenter(0)).toBeCloseTo(-0.975, 12);
  expect(binCenter(39)).toBeCloseTo(0.975, 12);
});

test('what extra heads predict reaches loss and confidence', () => {
  const seen: string[] = [];
  const fixed = fixedModel();
  const scale = () => tensorFrom(new Float32Array(6).fill(2), { dtype: 'float32', shape: [1, 1, 1, 6] });
  const model: ModelWithObjective = {
    ...modelWith(null),
    model: {
      ...fixed,
      forward: (images: Tensor) => ({ ...fixed.forward(images), extraHeads: { scale: scale() } }),
    },
    pixelLoss: (logits, labels, { extraHeads = {} } = {}) => {
      seen.push(...Object.keys(extraHeads));
      return crossEntropy(logits, labels).mul((extraHeads.scale as Tensor).squeeze(1));
    },
  };
  const { losses } = measureImage(model, sample, { trainingLabels, index: 0 });
  expect(seen).toEqual(['scale']);
  expect(losses[0]).toBeCloseTo(2 * Math.log(2), 5);
});
