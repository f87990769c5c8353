/**
 * Weights of confidence and agreement: agreement by hand, ARM's 57 parameters against plain numbers and finite differences,
 * the closed form against a maximizer, and wrong labels that a teacher knows better.
 */
import { Sgd } from 'coarsely/optim';
import { Arm, agreement, ClosedFormArm, LinearArm, type Reweighter } from 'coarsely/reweighting';
import { Generator, rand, scope, type Tensor, tensorFrom } from 'coarsely/torch';
import { describe, expect, test } from 'vitest';

const byAgreement = { inputs: ['variance', 'agreement'] as ('variance' | 'agreement')[] };
const numbers = (tensor: Tensor | null | undefined) => Array.from(tensor?.toTypedArray() ?? [], Number);
const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

interface Pixel {
  readonly confidence: number;
  readonly agreement: number;
  readonly loss: number;
  readonly valid?: boolean;
}

function inputOf(pixels: readonly Pixel[]) {
  const shape = [1, 1, pixels.length];
  const map = (read: (pixel: Pixel) => number) => tensorFrom(pixels.map(read), { dtype: 'float32', shape });
  return {
    confidenceNHW: map(({ confidence }) => confidence),
    agreementNHW: map(({ agreement: level }) => level),
    lossesNHW: map(({ loss, valid = true }) => (valid ? loss : 0)),
    validNHW: map(({ valid = true }) => Number(valid)).to({ dtype: 'bool' }),
  };
}

/** Returns pixels of every combination, some of them ignored. */
function somePixels(): Pixel[] {
  return Array.from({ length: 24 }, (_, index) => ({
    confidence: Math.sin(3 * index),
    agreement: Math.cos(5 * index),
    loss: 1 + Math.sin(index * index),
    valid: index % 5 !== 4,
  }));
}

describe('agreement', () => {
  test('is the likelihood of the label over that of the most likely class, from −1 to 1', () => {
    using _tensors = scope();
    // Likelihoods 0.8, 0.2 at every pixel but the last, which has 0.5, 0.5.
    const odds = [4, 4, 4, 1].map(Math.log);
    const logitsNCHW = tensorFrom([...odds, 0, 0, 0, 0], { dtype: 'float32', shape: [1, 2, 2, 2] });
    const labelsNHW = tensorFrom([0, 1, 255, 1], { dtype: 'int64', shape: [1, 2, 2] });
    const map = agreement(logitsNCHW, labelsNHW);
    expect(map.shape).toEqual([1, 2, 2]);
    for (const [place, expected] of [1, 2 * (0.2 / 0.8) - 1, 1, 1].entries())
      expect(numbers(map)[place]).toBeCloseTo(expected, 6);
  });

  test('stays finite where a class is ruled out, and carries no gradient', () => {
    using _tensors = scope();
    const logitsNCHW = tensorFrom([1e4, -1e4, Number.NEGATIVE_INFINITY, 3], {
      dtype: 'float32',
      shape: [1, 2, 1, 2],
    }).requiresGrad_();
    const map = agreement(logitsNCHW, tensorFrom([1, 1], { dtype: 'int64', shape: [1, 1, 2] }));
    expect(numbers(map)).toEqual([-1, 1]);
    expect(map.requiresGrad).toBe(false);
  });

  test('refuses logits of another size', () => {
    using _tensors = scope();
    using generator = new Generator(1);
    const logitsNCHW = rand([1, 2, 2, 2], { dtype: 'float32', generator });
    const labelsNHW = tensorFrom([0, 1], { dtype: 'int64', shape: [1, 1, 2] });
    expect(() => agreement(logitsNCHW, labelsNHW)).toThrow(
      'agreement: expected logits [N,C,H,W] at the size of the labels [1,1,2], received [1,2,2,2]',
    );
  });
});

const silu = (x: number) => x / (1 + Math.exp(-x));

/** Computes W of a pixel in plain numbers: three layers with SiLU and one with a sigmoid. */
function weightOf(parameters: readonly number[], { confidence, agreement: level }: Pixel): number {
  let values = [confidence, level];
  let start = 0;
  for (const outputs of [4, 4, 4, 1]) {
    const inputs = values;
    const row = start;
    const bias = row + outputs * inputs.length;
    values = Array.from({ length: outputs }, (_, output) =>
      inputs.reduce(
        (sum, value, input) => sum + value * (parameters[row + output * inputs.length + input] ?? 0),
        parameters[bias + output] ?? 0,
      ),
    );
    start = bias + outputs;
    if (outputs > 1) values = values.map(silu);
  }
  return 1 / (1 + Math.exp(-(values[0] ?? 0)));
}

/** Returns W·a^g over the p-norm of W, for the valid pixels. */
function unitWeights(
  parameters: readonly number[],
  {
    pixels,
    p,
    discount,
  }: { readonly pixels: readonly Pixel[]; readonly p: number; readonly discount: number },
): number[] {
  const weights = pixels.map((pixel) => (pixel.valid === false ? 0 : weightOf(parameters, pixel)));
  const norm = sumOf(weights.map((weight) => weight ** p)) ** (1 / p);
  return weights.map(
    (weight, place) => (weight / norm) * (((pixels[place]?.agreement ?? 1) + 1) / 2) ** discount,
  );
}

describe.each([
  [1, 1],
  [2, 1],
  [3, 0],
  [2, 2],
] as const)('ARM of two inputs, p = %s, discount = %s', (p, discount) => {
  test('has 57 parameters, and the weights and gradients of plain numbers', () => {
    using _tensors = scope();
    using generator = new Generator(4);
    const arm = new Arm({ generator, p, discount, ...byAgreement });
    const parameters = arm.parameters().flatMap(numbers);
    expect(parameters).toHaveLength(57);
    const pixels = somePixels();
    const input = inputOf(pixels);
    const weights = arm.weigh(input);
    const unit = unitWeights(parameters, { pixels, p, discount });
    const total = sumOf(unit);
    for (const [place, weight] of numbers(weights).entries())
      expect(weight).toBeCloseTo((unit[place] ?? 0) / total, 5);
    // The sum carries no gradient, so it stays that of the first parameters.
    weights.mul(input.lossesNHW).sum().backward();
    const objective = (changed: readonly number[]) =>
      sumOf(
        unitWeights(changed, { pixels, p, discount }).map(
          (weight, place) => (weight * (pixels[place]?.loss ?? 0)) / total,
        ),
      );
    const step = 1e-4;
    const gradients = arm.parameters().flatMap(({ grad }) => numbers(grad));
    const largest = Math.max(...gradients.map(Math.abs));
    for (const [place, gradient] of gradients.entries()) {
      const moved = (by: number) => parameters.map((value, index) => (index === place ? value + by : value));
      const slope = (objective(moved(step)) - objective(moved(-step))) / (2 * step);
      expect(Math.abs(gradient - slope)).toBeLessThan(1e-3 * largest);
    }
    arm.dispose();
  });
});

describe.each([2, 3] as const)('the closed form of two inputs, p = %s', (p) => {
  test.each([0, 1])('is the maximizer of Σ W·a^g·l over ‖W‖_p = 1 (g = %s)', (discount) => {
    using _tensors = scope();
    const [columns, rows] = [4, 2];
    const cells = Array.from({ length: columns * rows }, (_, cell) => ({
      confidence: -0.75 + 0.5 * (cell % columns),
      agreement: Math.floor(cell / columns) - 0.5,
      loss: 0.3 + Math.abs(Math.sin(2 + cell)),
      count: 1 + (cell % 3),
    }));
    const arm = new ClosedFormArm({
      p,
      bins: columns,
      agreementBins: rows,
      momentum: 0,
      discount,
      ...byAgreement,
    });
    arm.weigh(inputOf(cells.flatMap(({ count, ...pixel }) => Array.from({ length: count }, () => pixel))));
    const gains = cells.map(({ agreement: level, loss }) => loss * ((level + 1) / 2) ** discount);
    // Gradient ascent on the logarithms of W: Σ n·W·m over ‖W‖_p does not change with the size of W.
    let logarithms = cells.map(() => 0);
    for (let step = 0; step < 4000; step++) {
      const weights = logarithms.map(Math.exp);
      const gain = sumOf(cells.map(({ count }, cell) => count * (weights[cell] ?? 0) * (gains[cell] ?? 0)));
      const power = sumOf(cells.map(({ count }, cell) => count * (weights[cell] ?? 0) ** p));
      logarithms = logarithms.map((value, cell) => {
        const { count = 0 } = cells[cell] ?? {};
        const weight = weights[cell] ?? 0;
        return value + 0.5 * ((count * weight * (gains[cell] ?? 0)) / gain - (count * weight ** p) / power);
      });
    }
    const found = cells.map(({ confidence, agreement: level }) => {
      const [weight = 0] = arm.curve([confidence], { agreement: level });
      return weight / ((level + 1) / 2) ** discount;
    });
    for (const [cell, weight] of found.entries()) {
      const expected = Math.exp((logarithms[cell] ?? 0) - (logarithms[0] ?? 0));
      expect(weight / (found[0] ?? 1)).toBeCloseTo(expected, 4);
    }
    arm.dispose();
  });

  test('fills what no pixel fell into from its neighbors', () => {
    using _tensors = scope();
    const arm = new ClosedFormArm({ p, bins: 2, agreementBins: 3, momentum: 0, discount: 0, ...byAgreement });
    // Rows of agreement −2/3 and 2/3 have one cell each, and the row between them has none.
    arm.weigh(
      inputOf([
        { confidence: -0.5, agreement: -2 / 3, loss: 4 },
        { confidence: 0.5, agreement: 2 / 3, loss: 2 },
      ]),
    );
    const at = (level: number) => arm.curve([-0.5, 0.5], { agreement: level });
    const root = (mean: number) => mean ** (1 / (p - 1));
    for (const [level, mean] of [
      [-2 / 3, 4],
      [0, 3],
      [2 / 3, 2],
    ] as const) {
      for (const weight of at(level)) expect(weight).toBeCloseTo(root(mean), 5);
    }
    arm.dispose();
  });
});

describe('labels that are wrong in one place, which the teacher knows better', () => {
  // Half of the pixels have one confidence and half another; a quarter of each is mislabeled and denied by the teacher.
  const pixels = Array.from({ length: 64 }, (_, index) => {
    const isWrong = index % 8 < 2;
    const confidence = index < 32 ? -0.4 : 0.6;
    return {
      confidence,
      agreement: isWrong ? -0.8 : 0.9 - 0.05 * (index % 3),
      loss: (isWrong ? 2.5 : 0.4) + (confidence < 0 ? 0.5 : 0),
      isWrong,
    };
  });

  /** Returns the mean weight of wrong pixels over that of right ones, for each confidence. */
  function ratios(reweighter: Reweighter): number[] {
    using _tensors = scope();
    const weights = numbers(reweighter.weigh(inputOf(pixels)));
    return [-0.4, 0.6].map((confidence) => {
      const meanOf = (isWrong: boolean) => {
        const own = weights.filter(
          (_, place) => pixels[place]?.isWrong === isWrong && pixels[place]?.confidence === confidence,
        );
        return sumOf(own) / own.length;
      };
      return meanOf(true) / meanOf(false);
    });
  }

  function trainedArm(discount: number): Arm {
    using generator = new Generator(2);
    const arm = new Arm({ generator, discount, ...byAgreement });
    const optimizer = new Sgd([{ parameters: arm.parameters(), maximize: true }]);
    optimizer.setLearningRate(2);
    for (let step = 0; step < 400; step++) {
      using _step = scope();
      const input = inputOf(pixels);
      optimizer.zeroGrad();
      arm.weigh(input).mul(input.lossesNHW).sum().backward();
      optimizer.step();
    }
    optimizer.dispose();
    return arm;
  }

  const makers: readonly (readonly [string, (discount: number) => Reweighter])[] = [
    ['arm', trainedArm],
    ['closed-form-arm', (discount) => new ClosedFormArm({ discount, ...byAgreement })],
  ];
  test.each(makers)(
    '%s weighs them less than right ones of the same confidence, and more without',
    (_, make) => {
      const [discounted, pure] = [make(1), make(0)];
      for (const ratio of ratios(discounted)) expect(ratio).toBeLessThan(0.7);
      for (const ratio of ratios(pure)) expect(ratio).toBeGreaterThan(1.5);
      discounted.dispose();
      pure.dispose();
    },
  );

  test('linear-arm multiplies its line by a^g', () => {
    const linear = new LinearArm({ ...byAgreement });
    const squared = new LinearArm({ discount: 2, ...byAgreement });
    const pure = new LinearArm({ discount: 0, ...byAgreement });
    const expected = 0.1 / ((0.95 + 0.925 + 0.9) / 3);
    for (const ratio of ratios(linear)) expect(ratio).toBeCloseTo(expected, 1);
    for (const ratio of ratios(squared)) expect(ratio).toBeCloseTo(expected ** 2, 2);
    for (const ratio of ratios(pure)) expect(ratio).toBeCloseTo(1, 5);
    expect(linear.curve([0, 1], { agreement: 0 })).toEqual([0.25, 0]);
    for (const reweighter of [linear, squared, pure]) reweighter.dispose();
  });

  test('the inputs are the confidence, alone or with the agreement', () => {
    for (const inputs of [['agreement'], ['variance', 'variance'], []])
      expect(() => new LinearArm({ inputs: inputs as ['variance'] })).toThrow(
        'expected inputs to be [variance] or [variance, agreement]',
      );
    const linear = new LinearArm({ ...byAgreement });
    using _tensors = scope();
    const { agreementNHW: _, ...input } = inputOf(pixels);
    expect(() => linear.weigh(input)).toThrow('expected agreementNHW in the input, received none');
    linear.dispose();
  });
});
