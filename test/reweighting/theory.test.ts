/**
 * Section 3.4 of the paper: holding the losses, the maximizer under ‖W‖_p = 1 is W ∝ l^{1/(p−1)} (Hölder), and p = 1
 * puts everything on the hardest pixel.
 */
import { Parameter } from 'coarsely/nn';
import { Sgd } from 'coarsely/optim';
import { Arm, ClosedFormArm, type NormOrder, normalizeWeights } from 'coarsely/reweighting';
import { Generator, ones, tensorFrom, tidy } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';

const row = (values: readonly number[]) =>
  tensorFrom(values, { dtype: 'float32', shape: [1, 1, values.length] });

/** Maximizes Σ w'·l over free positive weights, one a pixel, by plain gradient steps. */
function climbFreely(losses: readonly number[], p: NormOrder): number[] {
  const weights = new Parameter(row(losses.map(() => 0.5)));
  const optimizer = new Sgd([{ parameters: [weights], maximize: true }], {
    learningRate: 0.05,
    momentum: 0,
    weightDecay: 0,
  });
  const valid = ones([1, 1, losses.length], { dtype: 'bool' });
  for (let step = 0; step < 1500; step++) {
    tidy(() => {
      optimizer.zeroGrad();
      normalizeWeights(weights, valid, { p }).mul(row(losses)).sum().backward();
      optimizer.step();
      weights.detach().clamp_({ min: 0 });
    });
  }
  const found = Array.from(weights.toTypedArray(), Number);
  weights.zeroGrad_().dispose();
  optimizer.dispose();
  valid.dispose();
  return found;
}

describe('Eq. 10 solved numerically for l = 1.2, 0.6, 0.1', () => {
  const losses = [1.2, 0.6, 0.1];
  test.each([
    [2, losses],
    [3, losses.map(Math.sqrt)],
  ] as const)('p = %i gives l^{1/(p−1)}', (p, expected) => {
    const [first = 0, second = 0, third = 0] = climbFreely(losses, p);
    const [a = 1, b = 1, c = 1] = expected;
    expect(second / first).toBeCloseTo(b / a, 2);
    expect(third / first).toBeCloseTo(c / a, 2);
  });

  test('p = 1 gives 1 : 0 : 0', () => {
    const [first = 0, second = 0, third = 0] = climbFreely(losses, 1);
    expect(second / first).toBeLessThan(0.01);
    expect(third / first).toBeLessThan(0.01);
  });
});

/** Trains ARM alone on a fixed, falling l(v). */
function trainArm(p: NormOrder, { learningRate, steps }: { learningRate: number; steps: number }) {
  const confidences = Array.from({ length: 101 }, (_, index) => index / 50 - 1);
  const losses = confidences.map((v) => 0.1 + 1.1 * ((1 - v) / 2) ** 2);
  using generator = new Generator(3);
  const arm = tidy(() => new Arm({ generator, p }));
  const optimizer = new Sgd([arm.adversarialParameters()], { learningRate, weightDecay: 0 });
  tidy(() => {
    const input = {
      confidenceNHW: row(confidences),
      lossesNHW: row(losses),
      validNHW: ones([1, 1, 101], { dtype: 'bool' }),
    };
    for (let step = 0; step < steps; step++) {
      tidy(() => {
        optimizer.zeroGrad();
        arm.weigh(input).mul(input.lossesNHW).sum().backward();
        optimizer.step();
      });
    }
  });
  const curve = arm.curve(confidences);
  for (const parameter of arm.parameters()) parameter.zeroGrad_();
  arm.dispose();
  optimizer.dispose();
  return { curve, losses };
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  const moment = (f: (x: number, y: number) => number) =>
    a.reduce((sum, x, i) => sum + f(x - meanA, (b[i] ?? 0) - meanB), 0);
  return moment((x, y) => x * y) / Math.sqrt(moment((x) => x * x) * moment((_, y) => y * y));
}

describe('ARM trained alone on a fixed l(v)', () => {
  test.each([2, 3] as const)('reaches l^{1/(p−1)} for p = %i', (p) => {
    const { curve, losses } = trainArm(p, { learningRate: 2, steps: 1000 });
    const expected = losses.map((loss) => loss ** (1 / (p - 1)));
    expect(correlation(curve, expected)).toBeGreaterThan(0.99);
  });

  test('collapses onto the least confident pixel for p = 1', () => {
    const { curve } = trainArm(1, { learningRate: 0.05, steps: 1000 });
    const total = curve.reduce((sum, weight) => sum + weight, 0);
    expect((curve[0] ?? 0) / total).toBeGreaterThan(0.8);
  });
});

/** Returns a fixed l(v) that falls as losses do, at the middles of the bins, with noise of mean 0 around it. */
test.each([2, 3] as const)('closed-form ARM is E[l|v]^{1/(p−1)} at once for p = %i', (p) => {
  const bins = 50;
  const middles = Array.from({ length: bins }, (_, bin) => (2 * bin + 1) / bins - 1);
  const mean = middles.map((v) => 0.1 + 1.1 * ((1 - v) / 2) ** 2);
  const arm = tidy(() => new ClosedFormArm({ p, bins }));
  tidy(() => {
    const confidences = [...middles, ...middles];
    const losses = [...mean.map((loss) => loss * 0.5), ...mean.map((loss) => loss * 1.5)];
    const weights = arm.weigh({
      confidenceNHW: row(confidences),
      lossesNHW: row(losses),
      validNHW: ones([1, 1, 2 * bins], { dtype: 'bool' }),
    });
    const shape = mean.map((loss) => loss ** (1 / (p - 1)));
    const total = 2 * shape.reduce((sum, x) => sum + x, 0);
    arm.curve(middles).forEach((weight, bin) => {
      expect(weight).toBeCloseTo(shape[bin] ?? 0, 4);
      expect(Number(weights.toTypedArray()[bin])).toBeCloseTo((shape[bin] ?? 0) / total, 6);
    });
  });
  arm.dispose();
});

test('ARM refuses options that have no meaning', () => {
  using generator = new Generator(0);
  expect(() => new Arm({ generator, p: 5 as NormOrder })).toThrow(
    'Arm: expected p to be one of 1, 2, 3, received 5',
  );
  expect(() => new Arm({ generator, learningRateScale: -1 })).toThrow(
    'expected learningRateScale of more than 0, received -1',
  );
});

test('ARM has 53 parameters', () => {
  using generator = new Generator(0);
  const arm = tidy(() => new Arm({ generator }));
  expect(arm.parameters().reduce((sum, { numel }) => sum + numel, 0)).toBe(53);
  arm.dispose();
});
