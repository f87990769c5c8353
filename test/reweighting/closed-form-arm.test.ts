/** Checks closed-form ARM by hand: mean losses of bins, the weights between them, and its running means. */
import { ClosedFormArm, normalizeWeights, reweighters } from 'coarsely/reweighting';
import { scope, tensorFrom } from 'coarsely/torch';
import { expect, test } from 'vitest';

/** Creates the input of a row of pixels: [confidence, loss], or [confidence, loss, 0] where ignored. */
function input(pixels: readonly (readonly [number, number, 0?])[]) {
  const shape = [1, 1, pixels.length];
  return {
    confidenceNHW: tensorFrom(
      pixels.map(([v]) => v),
      { dtype: 'float32', shape },
    ),
    lossesNHW: tensorFrom(
      pixels.map(([, l]) => l),
      { dtype: 'float32', shape },
    ),
    validNHW: tensorFrom(
      pixels.map(([, , valid = 1]) => valid),
      { dtype: 'bool', shape },
    ),
  };
}

const tolerance = { absolute: 5e-6 };

// The middles of four bins.
const middles = [-0.75, -0.25, 0.25, 0.75];

test('weighs by the mean loss of the bins in the very first batch', () => {
  using _inner = scope();
  const arm = new ClosedFormArm({ bins: 4 });
  const batch = input([
    [-0.9, 4],
    [-0.6, 2],
    [-0.2, 2],
    [0.3, 1],
    [0.75, 0.5],
    [0.1, 100, 0],
  ]);
  const weights = Array.from(arm.weigh(batch).toTypedArray(), Number);
  expect(arm.curve(middles)).toBeAllclose([3, 2, 1, 0.5], tolerance);
  const expected = [3, 3 - 0.3, 2 - 0.1, 1 - 0.05, 0.5];
  const total = expected.reduce((sum, weight) => sum + weight, 0);
  expect(weights).toBeAllclose([...expected.map((weight) => weight / total), 0], tolerance);
  arm.dispose();
});

test('is a continuous line between the middles, level beyond the first and the last', () => {
  using _inner = scope();
  const arm = new ClosedFormArm({ bins: 4 });
  arm.weigh(
    input([
      [-0.75, 3],
      [-0.25, 2],
      [0.25, 1],
      [0.75, 0.5],
    ]),
  );
  expect(arm.curve([-1, -0.8, -0.5, 0, 0.5, 0.8, 1])).toBeAllclose(
    [3, 3, 2.5, 1.5, 0.75, 0.5, 0.5],
    tolerance,
  );
  const fine = arm.curve(Array.from({ length: 2001 }, (_, index) => index / 1000 - 1));
  const steps = fine.slice(1).map((weight, index) => Math.abs(weight - (fine[index] ?? 0)));
  expect(Math.max(...steps)).toBeLessThan(2.1e-3);
  arm.dispose();
});

test('fills empty bins from their neighbors', () => {
  using _inner = scope();
  const arm = new ClosedFormArm({ bins: 8 });
  arm.weigh(
    input([
      [-0.6, 4],
      [0.4, 1],
    ]),
  );
  const eighths = Array.from({ length: 8 }, (_, bin) => (2 * bin + 1) / 8 - 1);
  expect(arm.curve(eighths)).toBeAllclose([4, 4, 3.25, 2.5, 1.75, 1, 1, 1], tolerance);
  arm.dispose();
});

test('knows nothing at first: uniform weights, also after a batch without a valid pixel', () => {
  using _inner = scope();
  const arm = new ClosedFormArm({ bins: 4 });
  expect(arm.curve(middles)).toEqual([1, 1, 1, 1]);
  expect(
    arm
      .weigh(
        input([
          [-0.5, 2, 0],
          [0.5, 1, 0],
        ]),
      )
      .abs()
      .sum()
      .item(),
  ).toBe(0);
  expect(arm.curve(middles)).toEqual([1, 1, 1, 1]);
  arm.weigh(
    input([
      [-0.75, 2],
      [0.75, 1],
    ]),
  );
  const before = arm.curve(middles);
  arm.weigh(input([[0.75, 9, 0]]));
  expect(arm.curve(middles)).toEqual(before);
  arm.dispose();
});

test('averages over batches with its momentum, each pixel of a batch counting alike', () => {
  using _inner = scope();
  const batches = [
    [
      [-0.5, 1],
      [-0.5, 3],
      [0.5, 1],
    ],
    [
      [-0.5, 8],
      [0.5, 2],
      [0.5, 4],
    ],
    [[0.5, 1]],
  ] as const;
  for (const momentum of [0, 0.5, 0.9]) {
    const arm = new ClosedFormArm({ bins: 2, momentum });
    const sums = [0, 0];
    const counts = [0, 0];
    for (const pixels of batches) {
      arm.weigh(input(pixels));
      for (const bin of [0, 1]) {
        const inside = pixels.filter(([v]) => (v < 0 ? 0 : 1) === bin);
        const loss = inside.reduce((sum, [, l]) => sum + l, 0);
        sums[bin] = momentum * (sums[bin] ?? 0) + ((1 - momentum) * loss) / pixels.length;
        counts[bin] = momentum * (counts[bin] ?? 0) + ((1 - momentum) * inside.length) / pixels.length;
      }
    }
    const known = [0, 1].map((bin) => (counts[bin] === 0 ? null : (sums[bin] ?? 0) / (counts[bin] ?? 1)));
    expect(arm.curve([-0.5, 0.5])).toBeAllclose([known[0] ?? known[1] ?? 0, known[1] ?? 0], tolerance);
    arm.dispose();
  }
});

test('a mean loss below 0 gets weight 0, and all below 0 uniform weights', () => {
  using _inner = scope();
  for (const p of [2, 3] as const) {
    const arm = new ClosedFormArm({ bins: 2, p, momentum: 0 });
    arm.weigh(
      input([
        [-0.5, 4],
        [0.5, -1],
      ]),
    );
    expect(arm.curve([-0.5, 0.5])).toBeAllclose([p === 2 ? 4 : 2, 0], tolerance);
    const weights = arm.weigh(
      input([
        [-0.5, -2],
        [0.5, -1],
      ]),
    );
    expect(weights).toBeAllclose([0.5, 0.5], tolerance);
    arm.dispose();
  }
});

test('has no parameters: nothing plays against the network', () => {
  const arm = new ClosedFormArm();
  expect(arm.adversarialParameters()).toBeNull();
  expect(arm.parameters()).toEqual([]);
  expect([...arm.stateDict().keys()]).toEqual(['pixelShares', 'lossShares']);
  arm.dispose();
});

test('a confidence that is not a number reaches no other bin and no other memory', () => {
  using _inner = scope();
  const arm = new ClosedFormArm({ bins: 4 });
  const weights = arm.weigh(
    input([
      [Number.NaN, 1],
      [0.3, 1],
    ]),
  );
  expect(Number(weights.toTypedArray()[0])).toBeNaN();
  expect(arm.curve([0.25])).toBeAllclose([1], tolerance);
  arm.dispose();
});

test('refuses options that have no meaning, and says why p = 1 has none', () => {
  expect(() => new ClosedFormArm({ p: 1 as 2 })).toThrow(
    /expected p to be 2 or 3: with p = 1 all weight would go to one confidence .*, received 1/,
  );
  expect(() => new ClosedFormArm({ bins: 1 })).toThrow('expected bins of at least 2, received 1');
  expect(() => new ClosedFormArm({ momentum: 1 })).toThrow('expected momentum in [0, 1), received 1');
  const parsed = reweighters.get('closed-form-arm').options.safeParse({ p: 1 });
  expect(parsed.error?.issues[0]?.message).toContain('with p = 1 all weight would go to one confidence');
});

test('normalizes as ARM does', () => {
  using _inner = scope();
  const arm = new ClosedFormArm({ bins: 2, p: 3 });
  const batch = input([
    [-0.5, 4],
    [0.5, 1],
    [0.1, 1, 0],
  ]);
  const weights = arm.weigh(batch).toTypedArray();
  const again = normalizeWeights(arm.forward(batch.confidenceNHW), batch.validNHW, { p: 3 });
  expect(weights).toEqual(again.toTypedArray());
  arm.dispose();
});
