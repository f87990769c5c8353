/** Checks the correction of labels: which pixels are replaced, and that a class begins when its training IoU flattens. */
import { LabelCorrection } from 'coarsely/reweighting';
import { noGrad, scope, type Tensor, tensorFrom, tidy } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';

const classCount = 3;

/** Creates the maps of a row of pixels: [label, predicted class, its likelihood]; the rest is shared by the others. */
function maps(pixels: readonly (readonly [number, number, number])[]) {
  const shape = [1, classCount, 1, pixels.length];
  const logits = Array.from({ length: classCount }, (_, channel) =>
    pixels.map(([, predicted, likelihood]) =>
      Math.log(channel === predicted ? likelihood : (1 - likelihood) / (classCount - 1)),
    ),
  );
  return {
    labelsNHW: tensorFrom(
      pixels.map(([label]) => label),
      { dtype: 'int64', shape: [1, 1, pixels.length] },
    ),
    logitsNCHW: tensorFrom(logits.flat(), { dtype: 'float32', shape }),
  };
}

const values = (tensor: Tensor) => Array.from(tensor.toTypedArray(), Number);

function beginWith(correction: LabelCorrection, started: readonly number[]): void {
  tidy(() =>
    noGrad(() => {
      correction.started.copy_(tensorFrom([...started], { dtype: 'float32', shape: [classCount] }));
    }),
  );
}

/** Correct, sure of another class, unsure of another class, without a label, of a class that has not begun. */
const situations = [
  [0, 0, 0.9],
  [0, 1, 0.9],
  [0, 1, 0.7],
  [255, 1, 0.99],
  [1, 0, 0.9],
] as const;

describe('a pixel is replaced', () => {
  test('where its class has begun and another class is likelier than the threshold', () => {
    using _inner = scope();
    const correction = new LabelCorrection({ classCount });
    expect(values(correction.correct({ ...maps(situations), progress: 0 }))).toEqual([0, 0, 0, 255, 1]);
    expect(correction.correctedShare).toBe(0);
    beginWith(correction, [1, 0, 0]);
    expect(values(correction.correct({ ...maps(situations), progress: 0.001 }))).toEqual([0, 1, 0, 255, 1]);
    expect(correction.correctedShare).toBeCloseTo(1 / 4, 6);
    beginWith(correction, [1, 1, 0]);
    expect(values(correction.correct({ ...maps(situations), progress: 0.002 }))).toEqual([0, 1, 0, 255, 0]);
    correction.dispose();
  });

  test('by the reference where one is given, which the curves of the classes do not count', () => {
    using _inner = scope();
    const correction = new LabelCorrection({ classCount, threshold: 0.5 });
    beginWith(correction, [1, 1, 1]);
    const { logitsNCHW: referenceNCHW } = maps(situations.map(([label]) => [label, 2, 0.6]));
    const found = correction.correct({ ...maps(situations), referenceNCHW, progress: 0 });
    expect(values(found)).toEqual([2, 2, 2, 255, 2]);
    // By class: rightly predicted, predicted, labeled.
    expect(values(correction.matches)).toEqual([1, 0, 0, 2, 2, 0, 3, 1, 0]);
    correction.dispose();
  });

  test('the same in all parts of a step, and a part that is only looked at is not counted', () => {
    using _inner = scope();
    const [whole, parts] = [0, 1].map(() => new LabelCorrection({ classCount })) as [
      LabelCorrection,
      LabelCorrection,
    ];
    for (const correction of [whole, parts]) beginWith(correction, [1, 1, 0]);
    const expected = values(whole.correct({ ...maps(situations), progress: 0.5 }));
    const input = [situations.slice(0, 2), situations.slice(2)].map((pixels) => ({
      ...maps(pixels),
      progress: 0.5,
    }));
    for (const counts of [false, true])
      expect(input.flatMap((part) => values(parts.correct({ ...part, counts })))).toEqual(expected);
    expect(parts.matches).toBeAllclose(whole.matches);
    expect(parts.correctedShare).toBe(whole.correctedShare);
    for (const correction of [whole, parts]) correction.dispose();
  });
});

describe('a class begins', () => {
  const moments = 40;
  /** Training IoU of class 0, which is learned quickly, and of class 1, which is still being learned at the end. */
  const iouAt = [(time: number) => 0.8 * (1 - Math.exp(-0.25 * time)), (time: number) => time / moments];

  /** Creates pixels whose training IoU is that of a moment: those that are wrong are taken for the third class. */
  function pixelsAt(time: number) {
    return iouAt.flatMap((iou, label) =>
      Array.from({ length: 500 }, (_, place): [number, number, number] => [
        label,
        place < Math.round(500 * iou(time)) ? label : 2,
        0.9,
      ]),
    );
  }

  test('at the moment that the formula gives, and a class that is still being learned does not', () => {
    using _inner = scope();
    const correction = new LabelCorrection({ classCount, moments, classNames: ['road', 'pole', 'void'] });
    const begun: string[] = [];
    for (let step = 0; step < moments; step++) {
      correction.correct({ ...maps(pixelsAt(step + 1)), progress: step / moments });
      const notice = correction.takeNotice();
      if (notice) begun.push(`${step}: ${notice}`);
    }
    // exp(−0.25 (t − 1)) is below 0.1 from t = 11 on, which is over when step 11 begins.
    expect(begun).toHaveLength(1);
    expect(begun[0]).toMatch(/^1[01]: labels are corrected from here on .* has flattened: road \(0\.7\d*\)$/);
    expect(values(correction.started)).toEqual([1, 0, 0]);
    expect(correction.takeNotice()).toBeNull();
    correction.dispose();
  });

  test('at the same step in a run that was interrupted inside a moment', () => {
    using _inner = scope();
    const steps = 2 * moments;
    const states = [null, 9, 22].map((brokenAt) => {
      let correction = new LabelCorrection({ classCount, moments });
      let started = -1;
      for (let step = 0; step < steps; step++) {
        if (step === brokenAt) {
          const after = new LabelCorrection({ classCount, moments });
          after.loadStateDict(correction.stateDict());
          correction.dispose();
          correction = after;
        }
        correction.correct({ ...maps(pixelsAt(Math.floor(step / 2) + 1)), progress: step / steps });
        if (started < 0 && correction.takeNotice() !== null) started = step;
      }
      const state = [...correction.stateDict()].map(([name, tensor]) => [name, [...tensor.toBytes()]]);
      correction.dispose();
      return { started, state };
    });
    expect(states[0]?.started).toBeGreaterThan(19);
    expect(states[1]).toEqual(states[0]);
    expect(states[2]).toEqual(states[0]);
  });
});

test.each([
  [{ threshold: 1 }, /LabelCorrection: expected threshold in \[0, 1\), received 1/],
  [{ slopeChange: 0 }, /LabelCorrection: expected slopeChange in \(0, 1\), received 0/],
  [{ moments: 3 }, /LabelCorrection: expected moments of at least 4, received 3/],
])('refuses %j', (options, message) => {
  expect(() => new LabelCorrection({ classCount, ...options })).toThrow(message);
});

test('maps that do not fit are refused by their shapes', () => {
  using _inner = scope();
  const correction = new LabelCorrection({ classCount });
  const { labelsNHW } = maps(situations);
  const { logitsNCHW } = maps(situations.slice(0, 3));
  expect(() => correction.correct({ labelsNHW, logitsNCHW, progress: 0 })).toThrow(
    'LabelCorrection.correct: expected logits of [N,C,1,5], received [1,3,1,3] and [1,3,1,3]',
  );
  correction.dispose();
});
