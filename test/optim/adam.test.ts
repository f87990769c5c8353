/** Compares Adam and AdamW with PyTorch (adam-golden.py): two groups, falling rates, decay, ascent. */
import { readFileSync } from 'node:fs';
import { Parameter } from 'coarsely/nn';
import { Adam, AdamW, type ParameterGroup } from 'coarsely/optim';
import { type Tensor, tensorFrom, tidy } from 'coarsely/torch';
import { expect, test } from 'vitest';

interface Case {
  readonly name: string;
  readonly kind: 'adam' | 'adamw';
  readonly options: {
    readonly weight_decay?: number;
    readonly maximize?: boolean;
    readonly betas?: [number, number];
    readonly eps?: number;
  };
  readonly steps: readonly (readonly [first: number[], second: number[]])[];
}

const golden = JSON.parse(readFileSync(new URL('./adam-golden.json', import.meta.url), 'utf8')) as {
  readonly cases: Case[];
};

const kinds = { adam: Adam, adamw: AdamW };

const vector = (values: readonly number[]) =>
  tensorFrom(values, { dtype: 'float32', shape: [values.length] });

/** Returns the loss of adam-golden.py. */
function loss(first: Tensor, second: Tensor): Tensor {
  const quadratic = first
    .mul(first)
    .mul(vector([0.5, 1, 0.25, 2]))
    .sum();
  return quadratic.add(
    second
      .mul(second)
      .mul(first.narrow(0, 0, 2))
      .sum(),
  );
}

test.each(golden.cases)('$name', ({ kind, options, steps }) => {
  const [first, second] = [new Parameter(vector([1, -2, 3, 0.5])), new Parameter(vector([0.3, -0.1]))];
  const maximize = options.maximize ?? false;
  const groups: ParameterGroup[] = [
    { parameters: [first], maximize },
    { parameters: [second], maximize, learningRateScale: 5, weightDecay: 0.5 },
  ];
  const optimizer = new kinds[kind](groups, {
    learningRate: 0.1,
    weightDecay: options.weight_decay,
    betas: options.betas,
    epsilon: options.eps,
  });
  for (const [step, expected] of steps.entries()) {
    optimizer.setLearningRate(0.1 / (1 + step));
    optimizer.zeroGrad();
    tidy(() => loss(first, second).backward());
    optimizer.step();
    expect({ first, second }).toBeAllclose(
      { first: expected[0], second: expected[1] },
      { absolute: 1e-6, relative: 2e-6 },
    );
  }
  optimizer.zeroGrad();
  for (const each of [optimizer, first, second]) each.dispose();
});
