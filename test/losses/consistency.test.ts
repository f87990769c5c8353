/** Compares the consistency loss with values by hand and with a plain loop. */

import { consistency, regionLosses } from 'coarsely/losses';
import { autocast, scope, type Tensor, tensorFrom } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';
import { confidentClasses } from '#losses/consistency.js';

const float = { dtype: 'float32' } as const;

/** Logits whose likelihoods are given, for pixels in a row. */
function logitsOf(likelihoods: readonly (readonly number[])[]): Tensor {
  const classCount = likelihoods[0]?.length ?? 0;
  const values = Array.from({ length: classCount }, (_, kind) =>
    likelihoods.map((pixel) => Math.log(pixel[kind] as number)),
  );
  return tensorFrom(values.flat(), { ...float, shape: [1, classCount, 1, likelihoods.length] });
}

const labelsOf = (labels: readonly number[]) =>
  tensorFrom(labels, { dtype: 'int64', shape: [1, 1, labels.length] });

test('the threshold of a class is smaller by how much rarer the class is', () => {
  using _inner = scope();
  // Frequencies 0.5, 0.3 and 0.2 make 0.9 to 0.9, 0.54 and 0.36.
  const frequenciesC = tensorFrom([0.5, 0.3, 0.2], { ...float, shape: [3] });
  const teacher = logitsOf([
    [0.91, 0.05, 0.04],
    [0.89, 0.06, 0.05],
    [0.2, 0.55, 0.25],
    [0.25, 0.53, 0.22],
    [0.32, 0.31, 0.37],
    [0.34, 0.31, 0.35],
  ]);
  const { classesNHW, confidentNHW } = confidentClasses(teacher, { threshold: 0.9, frequenciesC });
  expect(Array.from(classesNHW.toTypedArray(), Number)).toEqual([0, 0, 1, 1, 2, 2]);
  expect(Array.from(confidentNHW.toTypedArray(), Number)).toEqual([1, 0, 1, 0, 1, 0]);
  const alike = confidentClasses(teacher, { threshold: 0.9 }).confidentNHW;
  expect(Array.from(alike.toTypedArray(), Number)).toEqual([1, 0, 0, 0, 0, 0]);
});

describe('the loss', () => {
  const teacherRows = [
    [0.95, 0.05],
    [0.05, 0.95],
    [0.6, 0.4],
    [0.95, 0.05],
    [0.95, 0.05],
  ];
  const studentRows = [
    [0.7, 0.3],
    [0.8, 0.2],
    [0.5, 0.5],
    [0.6, 0.4],
    [0.9, 0.1],
  ];

  test('is the mean over unlabeled pixels of the cross-entropy to sure classes', () => {
    using _inner = scope();
    const logitsNCHW = logitsOf(studentRows).requiresGrad_();
    const teacherLogitsNCHW = logitsOf(teacherRows).requiresGrad_();
    // The fourth pixel has a label, and the fifth is padding.
    const labels = labelsOf([255, 255, 255, 0, 255]);
    const insideNHW = labelsOf([1, 1, 1, 1, 0]).ne(0);
    const loss = consistency({ threshold: 0.9 });
    const found = loss(logitsNCHW, labels, { teacherLogitsNCHW, insideNHW });
    // Sure are the first (class 0) and the second (class 1); the third counts as a pixel with the loss 0.
    expect(found.item()).toBeCloseTo((-Math.log(0.7) - Math.log(0.2)) / 3, 6);
    found.backward();
    expect(teacherLogitsNCHW.grad).toBeNull();
    const gradient = Array.from((logitsNCHW.grad as Tensor).toTypedArray(), Number);
    const expected = [(0.7 - 1) / 3, 0.8 / 3, 0, 0, 0, 0.3 / 3, (0.2 - 1) / 3, 0, 0, 0];
    for (const [place, value] of expected.entries()) expect(gradient[place]).toBeCloseTo(value, 6);
  });

  test('is 0 without gradient where every pixel has a label, or none is sure', () => {
    using _inner = scope();
    for (const [labels, threshold] of [
      [[0, 1, 0, 0, 1], 0.9],
      [[255, 255, 255, 255, 255], 0.999],
    ] as const) {
      const logitsNCHW = logitsOf(studentRows).requiresGrad_();
      const found = consistency({ threshold })(logitsNCHW, labelsOf(labels), {
        teacherLogitsNCHW: logitsOf(teacherRows),
      });
      found.backward();
      expect(found.item()).toBe(0);
      expect((logitsNCHW.grad as Tensor).abs().max().item()).toBe(0);
    }
  });

  test('counts each image alike, or all pixels at once', () => {
    using _inner = scope();
    // Two images of two pixels: the first has one unlabeled pixel, the second two, of which one is sure.
    const values = (rows: readonly (readonly number[])[]) =>
      [0, 2].flatMap((start) =>
        [0, 1].flatMap((kind) => [0, 1].map((at) => Math.log(rows[start + at]?.[kind] ?? 1))),
      );
    const shape = [2, 2, 1, 2];
    const logitsNCHW = tensorFrom(values(studentRows), { ...float, shape });
    const teacherLogitsNCHW = tensorFrom(values(teacherRows), { ...float, shape });
    const labels = tensorFrom([1, 255, 255, 255], { dtype: 'int64', shape: [2, 1, 2] });
    const [second, fourth] = [-Math.log(0.2), -Math.log(0.6)];
    const each = consistency()(logitsNCHW, labels, { teacherLogitsNCHW }).item();
    expect(each).toBeCloseTo((second + fourth / 2) / 2, 6);
    const together = consistency({ perImage: false })(logitsNCHW, labels, { teacherLogitsNCHW }).item();
    expect(together).toBeCloseTo((second + fourth) / 3, 6);
  });

  test('is the same under autocast, and finite for logits of any size', () => {
    using _inner = scope();
    const labels = labelsOf([255, 255, 255, 255, 255]);
    const teacherLogitsNCHW = logitsOf(teacherRows);
    const logitsNCHW = logitsOf(studentRows);
    const loss = consistency();
    const plain = loss(logitsNCHW, labels, { teacherLogitsNCHW }).item();
    const automatic = autocast({ dtype: 'bfloat16' }, () => loss(logitsNCHW, labels, { teacherLogitsNCHW }));
    expect(automatic.item()).toBe(plain);
    const large = logitsNCHW.mul(3000).detach().requiresGrad_();
    const found = loss(large, labels, { teacherLogitsNCHW: teacherLogitsNCHW.mul(3000) });
    found.backward();
    expect(Number.isFinite(found.item())).toBe(true);
    expect(Number.isFinite((large.grad as Tensor).sum().item())).toBe(true);
  });

  test('says what it was not given', () => {
    using _inner = scope();
    const labels = labelsOf([255, 255, 255, 255, 255]);
    const logitsNCHW = logitsOf(studentRows);
    expect(() => consistency()(logitsNCHW, labels)).toThrow(
      'consistency: expected teacherLogitsNCHW [1,2,1,5], received none',
    );
    expect(() => consistency({ threshold: 2 })).toThrow(/threshold/);
    expect(regionLosses.get('consistency').learnsUncovered).toBe(true);
  });
});
