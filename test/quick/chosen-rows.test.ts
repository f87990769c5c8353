/** Subsets of rows, heads that learn from trusted rows beside others, and their scores over rows. */

import { ConfigError } from 'coarsely/errors';
import type { StackableHead } from 'coarsely/models';
import { featureRows, scoreHead, selectRows, trainHead } from 'coarsely/quick';
import { cat, Generator, randn, setThreads, type Tensor, tensorFrom, tidy } from 'coarsely/torch';
import { afterAll, describe, expect, it, test } from 'vitest';

setThreads(1);
const generator = new Generator(8);
afterAll(() => generator.dispose());

/** Rows of one feature, which is the number of the row, with these labels. */
function numbered(labels: readonly number[]) {
  return featureRows({
    features: Float32Array.from(labels, (_, row) => row),
    channels: 1,
    labels: Uint8Array.from(labels),
  });
}

const numbersOf = (batch: { toTypedArray(): ArrayLike<unknown> }) => Array.from(batch.toTypedArray(), Number);

test('selected rows are those rows, in their order', () => {
  tidy(() => {
    using table = numbered([0, 1, 2, 255, 1]);
    const rows = selectRows(table, Uint32Array.of(4, 0, 3));
    expect(rows.length).toBe(3);
    expect(rows.labels).toEqual(Uint8Array.of(1, 0, 255));
    expect(numbersOf(rows.batch(Uint32Array.of(2, 0)))).toEqual([3, 4]);
    const places = Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    const moved = selectRows(
      { ...table, places, imageIndices: Uint32Array.of(0, 0, 1, 1, 2) },
      Uint32Array.of(4, 1),
    );
    expect(moved.places).toEqual(Float32Array.of(8, 9, 2, 3));
    expect(moved.imageIndices).toEqual(Uint32Array.of(2, 0));
  });
});

describe('trusted rows', () => {
  it('change nothing where there are none', () => {
    const features = tidy(() =>
      randn([60, 3], { dtype: 'float32', generator }).toTypedArray(),
    ) as Float32Array;
    using rows = featureRows({
      features,
      channels: 3,
      labels: Uint8Array.from({ length: 60 }, (_, row) => row % 2),
    });
    const parametersOf = (trusted?: []) => {
      const head = trainHead(rows, { steps: 3, pixels: 16, ...(trusted && { trusted }) });
      const numbers = head.parameters().flatMap((parameter) => numbersOf(parameter));
      head.dispose();
      return numbers;
    };
    expect(parametersOf([])).toEqual(parametersOf());
  });

  it('teach what the other rows cannot', () => {
    // The rows know two classes, the trusted ones a third.
    const blob = (center: number, label: number) =>
      tidy(() => ({
        features: Array.from(
          numbersOf(randn([40], { dtype: 'float32', generator })),
          (x) => center + 0.2 * x,
        ),
        labels: new Array<number>(40).fill(label),
      }));
    const join = (parts: readonly ReturnType<typeof blob>[]) =>
      featureRows({
        features: Float32Array.from(parts.flatMap(({ features }) => features)),
        channels: 1,
        labels: Uint8Array.from(parts.flatMap(({ labels }) => labels)),
      });
    using rows = join([blob(-2, 0), blob(2, 1)]);
    using trusted = join([blob(0, 2)]);
    const head = trainHead(rows, {
      ...{ classCount: 3, steps: 120, pixels: 64, hidden: [16] },
      trusted: [{ rows: trusted, share: 0.3 }],
    });
    const classes = tidy(() => {
      const features = tensorFrom(Float32Array.of(-2, 2, 0), { dtype: 'float32', shape: [3, 1, 1, 1] });
      return numbersOf(head.forwardStacked(features).logitsNCHW.argmax(1));
    });
    expect(classes).toEqual([0, 1, 2]);
    head.dispose();
  });

  it.each([[[1]], [[0.6, 0.5]]])('refuses shares %o, which leave nothing to the others', (shares) => {
    using table = numbered([0, 1]);
    const trusted = shares.map((share) => ({ rows: table, share }));
    expect(() => trainHead(table, { pixels: 8, steps: 1, trusted })).toThrow(ConfigError);
  });
});

test('a head is scored by the pixels that each row stands for', () => {
  using rows = numbered([0, 0, 1, 1, 255]);
  // Predicts class 1 from row 1 on, so that row 1 is wrong.
  const head = {
    parameters: () => [],
    forwardStacked: (featuresNCHW: Tensor) => ({
      logitsNCHW: cat([featuresNCHW.neg().add(0.5), featuresNCHW.sub(0.5)], 1),
    }),
  } as unknown as StackableHead;
  const table = { ...rows, multiplicities: Float32Array.of(9.6, 2, 3.2, 3, 100) };
  const { mIoU, perClass, aAcc } = scoreHead(head, table, { classCount: 2 });
  // Of class 0, 10 of 12 pixels are found and nothing else; of class 1, all 6, and 2 others.
  expect(perClass.map(({ iou, pixels }) => [iou, pixels])).toEqual([
    [10 / 12, 12],
    [6 / 8, 6],
  ]);
  expect(mIoU).toBeCloseTo((10 / 12 + 6 / 8) / 2, 12);
  expect(aAcc).toBeCloseTo(16 / 18, 12);
});
