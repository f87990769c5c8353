/** Single operations against PyTorch's values and gradients (`generate_values.py` wrote `values.json`). */
import { readFileSync } from 'node:fs';
import { crossEntropy, reduceLosses } from 'coarsely/losses';
import { BatchNorm2d, Conv2d, Parameter, resizeBilinear } from 'coarsely/nn';
import { Sgd } from 'coarsely/optim';
import { Arm, standardDeviation, variance } from 'coarsely/reweighting';
import { Generator, noGrad, setThreads, type Tensor, tensorFrom, tidy } from 'coarsely/torch';
import { beforeEach, describe, expect, test } from 'vitest';
import { armParameters, fillArmWithHash, hashedLabels, hashedUniform } from './hashing.js';

interface Entry {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface Values {
  readonly pixel: {
    readonly logits: Entry;
    readonly labels: Entry;
    readonly losses: Entry;
    readonly meanOverValid: number;
    readonly meanOverAll: number;
    readonly logitsGradient: Entry;
    readonly variance: Entry;
    readonly std: Entry;
    readonly armParameters: Entry;
    readonly arm: readonly {
      readonly p: 1 | 2 | 3;
      readonly weights: Entry;
      readonly q: number;
      readonly gradient: Entry;
    }[];
  };
  readonly sgd: {
    readonly learningRate: number;
    readonly momentum: number;
    readonly weightDecay: number;
    readonly parameter: Entry;
    readonly gradients: readonly Entry[];
    readonly runs: readonly { readonly maximize: boolean; readonly after: readonly Entry[] }[];
  };
  readonly resize: Readonly<Record<'input' | 'output' | 'weight' | 'inputGradient', Entry>> & {
    readonly size: readonly [number, number];
  };
  readonly convolution: Readonly<
    Record<
      | 'input'
      | 'weight'
      | 'scale'
      | 'shift'
      | 'output'
      | 'cotangent'
      | 'weightGradient'
      | 'scaleGradient'
      | 'shiftGradient'
      | 'runningMean'
      | 'runningVariance',
      Entry
    >
  > & { readonly dilation: number; readonly padding: number };
}

const values = JSON.parse(readFileSync(new URL('values.json', import.meta.url), 'utf8')) as Values;

beforeEach(() => {
  setThreads(1);
});

function tensorOf({ data, shape }: Entry, dtype: 'float32' | 'int64' = 'float32'): Tensor {
  return tensorFrom(data, { dtype, shape });
}

/** Every element within `tolerance` of the largest. */
function expectClose(actual: Tensor | null, { data, shape }: Entry, tolerance = 2e-6): void {
  expect(actual?.shape).toEqual(shape);
  const numbers = Array.from(actual?.toTypedArray() ?? [], Number);
  const bound = tolerance * Math.max(...data.map(Math.abs));
  const differences = numbers.map((number, index) => Math.abs(number - (data[index] as number)));
  expect(differences.length).toBe(data.length);
  for (const difference of differences) expect(difference).toBeLessThanOrEqual(bound);
}

test('both sides hash the same numbers', () => {
  tidy(() => {
    const { logits, labels } = values.pixel;
    expect(Array.from(hashedUniform('values.logits', logits.shape, 4))).toEqual(logits.data);
    const ours = hashedLabels({ step: 'values', shape: [2, 1, 8, 16], classCount: 5 });
    expect(Array.from(ours.toTypedArray(), Number)).toEqual(labels.data);
  });
});

describe('pixels', () => {
  test('cross-entropy, its means over labeled and over all pixels, its gradient', () => {
    tidy(() => {
      const { pixel } = values;
      const logits = tensorOf(pixel.logits).requiresGrad_();
      const labels = tensorOf(pixel.labels, 'int64');
      const losses = crossEntropy(logits, labels);
      expectClose(losses, pixel.losses);
      const valid = labels.ne(255);
      const mean = reduceLosses(losses, valid);
      expect(mean.item()).toBeCloseTo(pixel.meanOverValid, 5);
      expect(reduceLosses(losses, valid, 'all').item()).toBeCloseTo(pixel.meanOverAll, 5);
      mean.backward();
      expectClose(logits.grad, pixel.logitsGradient);
      logits.zeroGrad_();
    });
  });

  test('variance and standard deviation', () => {
    tidy(() => {
      const logits = tensorOf(values.pixel.logits);
      expectClose(variance(logits), values.pixel.variance);
      expectClose(standardDeviation(logits), values.pixel.std);
    });
  });

  test.each(values.pixel.arm)('weights, Q and its gradient for p = $p', ({ p, weights, q, gradient }) => {
    using generator = new Generator(0);
    const arm = tidy(() => new Arm({ generator, p }));
    fillArmWithHash(arm);
    expect(armParameters(arm)).toEqual(values.pixel.armParameters.data);
    tidy(() => {
      const labels = tensorOf(values.pixel.labels, 'int64');
      const lossesNHW = tensorOf(values.pixel.losses);
      const ours = arm.weigh({
        confidenceNHW: tensorOf(values.pixel.variance),
        lossesNHW,
        validNHW: labels.ne(255),
      });
      expectClose(ours, weights, 5e-6);
      const objective = ours.mul(lossesNHW).sum();
      expect(objective.item()).toBeCloseTo(q, 5);
      objective.backward();
      const gradients = arm
        .parameters()
        .flatMap((parameter) => Array.from(parameter.grad?.toTypedArray() ?? [], Number));
      expectClose(tensorFrom(gradients, { dtype: 'float32', shape: [53] }), gradient, 1e-5);
    });
    for (const parameter of arm.parameters()) parameter.zeroGrad_();
    arm.dispose();
  });
});

test.each(values.sgd.runs)('three steps of SGD, maximize $maximize', ({ maximize, after }) => {
  const { learningRate, momentum, weightDecay, gradients } = values.sgd;
  const parameter = new Parameter(tensorOf(values.sgd.parameter));
  const optimizer = new Sgd([{ parameters: [parameter], maximize }], { learningRate, momentum, weightDecay });
  for (const [step, expected] of after.entries()) {
    tidy(() => {
      optimizer.zeroGrad();
      parameter
        .mul(tensorOf(gradients[step] as Entry))
        .sum()
        .backward();
      optimizer.step();
      expectClose(parameter, expected, 5e-7);
    });
  }
  optimizer.zeroGrad();
  optimizer.dispose();
  parameter.dispose();
});

test('bilinear resizing and its gradient', () => {
  tidy(() => {
    const { resize } = values;
    const input = tensorOf(resize.input).requiresGrad_();
    const output = resizeBilinear(input, resize.size);
    expectClose(output, resize.output);
    output.mul(tensorOf(resize.weight)).sum().backward();
    expectClose(input.grad, resize.inputGradient);
    input.zeroGrad_();
  });
});

test('a dilated convolution and batch normalization: output, gradients, running statistics', () => {
  const golden = values.convolution;
  using generator = new Generator(0);
  const [convolution, norm] = [
    new Conv2d(3, 4, {
      kernelSize: 3,
      padding: golden.padding,
      dilation: golden.dilation,
      bias: false,
      generator,
    }),
    new BatchNorm2d(4),
  ];
  tidy(() => {
    noGrad(() => {
      convolution.weight.copy_(tensorOf(golden.weight));
      norm.weight.copy_(tensorOf(golden.scale));
      norm.bias.copy_(tensorOf(golden.shift));
    });
    const output = norm.forward(convolution.forward(tensorOf(golden.input)));
    expectClose(output, golden.output);
    output.mul(tensorOf(golden.cotangent)).sum().backward();
    expectClose(convolution.weight.grad, golden.weightGradient, 5e-6);
    expectClose(norm.weight.grad, golden.scaleGradient, 5e-6);
    expectClose(norm.bias.grad, golden.shiftGradient, 5e-6);
    expectClose(norm.running_mean, golden.runningMean);
    expectClose(norm.running_var, golden.runningVariance);
  });
  for (const module of [convolution, norm]) {
    for (const parameter of module.parameters()) parameter.zeroGrad_();
    module.dispose();
  }
});
