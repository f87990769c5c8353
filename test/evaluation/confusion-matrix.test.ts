import { readFileSync } from 'node:fs';
import { ConfusionMatrix } from 'coarsely/evaluation';
import { scope, tensorFrom } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';

function update(matrix: ConfusionMatrix, prediction: number[], labels: number[]): void {
  using _tensors = scope();
  matrix.update(
    tensorFrom(prediction, { dtype: 'int64', shape: [prediction.length] }),
    tensorFrom(labels, { dtype: 'uint8', shape: [labels.length] }),
  );
}

describe('ConfusionMatrix', () => {
  test('counts by true class and predicted class, without ignored pixels, over batches', () => {
    using matrix = new ConfusionMatrix(3);
    update(matrix, [0, 1, 2, 2, 0], [0, 1, 2, 1, 255]);
    update(matrix, [0, 2], [0, 255]);
    expect(matrix.counts()).toEqual(BigInt64Array.of(2n, 0n, 0n, 0n, 1n, 1n, 0n, 0n, 1n));
    expect(matrix.metrics().aAcc).toBe(4 / 5);
    matrix.reset();
    expect(matrix.counts()).toEqual(new BigInt64Array(9));
  });

  test('agrees with NumPy on random label maps', () => {
    const cases = JSON.parse(readFileSync(new URL('./metrics-golden.json', import.meta.url), 'utf8'));
    for (const { classCount, shape, labels, prediction, mIoU, mAcc } of cases) {
      using matrix = new ConfusionMatrix(classCount);
      using _tensors = scope();
      matrix.update(
        tensorFrom(prediction, { dtype: 'int64', shape }),
        tensorFrom(labels, { dtype: 'int64', shape }),
      );
      expect(matrix.metrics().mIoU).toBe(mIoU);
      expect(matrix.metrics().mAcc).toBe(mAcc);
    }
  });

  test('the prediction of an ignored pixel does not matter', () => {
    using matrix = new ConfusionMatrix(2);
    update(matrix, [7, 1], [255, 1]);
    expect(matrix.counts()).toEqual(BigInt64Array.of(0n, 0n, 0n, 1n));
  });

  test('rejects ids out of range and counts nothing of that batch', () => {
    using matrix = new ConfusionMatrix(3);
    expect(() => update(matrix, [0, 1], [0, 9])).toThrow('label 9 is no class; expected 0 to 2, or 255');
    expect(() => update(matrix, [0, 3], [0, 1])).toThrow('prediction 3 is no class; expected 0 to 2');
    expect(() => update(matrix, [0, -1], [0, 1])).toThrow('prediction -1 is no class');
    expect(matrix.counts()).toEqual(new BigInt64Array(9));
  });

  test('rejects a prediction of another shape than the labels', () => {
    using matrix = new ConfusionMatrix(3);
    expect(() => update(matrix, [0, 1, 2], [0, 1])).toThrow(
      'expected labels [3] like the prediction, received [2]',
    );
  });
});
