/** Checks that activation checkpointing gives equal bits with less memory. */
import { createHash } from 'node:crypto';
import { crossEntropy } from 'coarsely/losses';
import { createSegmentor } from 'coarsely/models';
import {
  activationCheckpoint,
  activationCheckpointing,
  BatchNorm2d,
  Conv2d,
  Dropout,
  Sequential,
} from 'coarsely/nn';
import { Sgd } from 'coarsely/optim';
import { Arm, variance } from 'coarsely/reweighting';
import {
  Generator,
  memory,
  randn,
  resetPeakMemory,
  setThreads,
  type Tensor,
  tensorFrom,
  tidy,
} from 'coarsely/torch';
import { trainStep } from 'coarsely/training';
import { beforeEach, describe, expect, test } from 'vitest';

beforeEach(() => {
  setThreads(1);
});

const digest = (tensors: Iterable<Tensor>) => {
  const hash = createHash('sha256');
  for (const tensor of tensors) hash.update(tensor.toBytes());
  return hash.digest('hex');
};

const [classCount, count, size] = [4, 2, 96];

/** Two steps of a small network with ARM: losses, everything that was learned, and the most memory a step took. */
function train(precision: 'float32' | 'bfloat16', checkpointed: boolean) {
  return tidy(() => {
    using generator = new Generator(3);
    const model = createSegmentor(
      {
        backbone: { kind: 'resnet18', outputStride: 16 },
        head: { kind: 'deeplabv3plus', channels: 16 },
        auxiliary: { channels: 16 },
      },
      { classCount, generator },
    ).to({ memoryFormat: 'channels-last' });
    const reweighter = new Arm({ generator });
    const optimizer = new Sgd([{ parameters: model.parameters() }, reweighter.adversarialParameters()], {
      learningRate: 0.05,
    });
    const imagesNCHW = randn([count, 3, size, size], { dtype: 'float32', generator }).contiguous({
      memoryFormat: 'channels-last',
    });
    const labels = Array.from({ length: count * size * size }, (_, at) => (at >> 9) % classCount);
    const labelsNHW = tensorFrom(labels, { dtype: 'int64', shape: [count, size, size] });
    const components = {
      model,
      optimizer,
      pixelLoss: crossEntropy,
      confidence: variance,
      reweighter,
      reduction: 'valid',
      auxiliaryWeight: 0.4,
    } as const;
    const losses: number[] = [];
    let peak = 0;
    for (let step = 0; step < 2; step += 1) {
      const before = memory().liveBytes;
      resetPeakMemory();
      const taken = trainStep(
        components,
        { imagesNCHW, labelsNHW },
        {
          phase: 'joint',
          precision,
          activationCheckpointing: checkpointed,
        },
      );
      peak = memory().peakBytes - before;
      losses.push(taken.objective.item());
    }
    const gradients = model.parameters().flatMap(({ grad }) => (grad === null ? [] : [grad]));
    const result = {
      losses,
      gradients: digest(gradients),
      learned: digest([...model.stateDict().values(), ...reweighter.stateDict().values()]),
    };
    optimizer.zeroGrad();
    optimizer.dispose();
    reweighter.dispose();
    model.dispose();
    return { result, peak };
  });
}

test.each([
  ['float32', 0.9],
  // Convolutions make their inputs again from bfloat16 maps anyway: in so small a network little is left to save.
  ['bfloat16', 0.99],
] as const)('%s: the same bits for less memory', (precision, share) => {
  const plain = train(precision, false);
  const saving = train(precision, true);
  expect(saving.result).toEqual(plain.result);
  expect(saving.peak).toBeLessThan(share * plain.peak);
});

describe('a stage', () => {
  const shape = [2, 3, 8, 8];

  /** Gradients and running statistics of two stages with dropout, and the generator afterwards. */
  function gradients(checkpointed: boolean) {
    return tidy(() => {
      using generator = new Generator(8);
      const stage = () =>
        new Sequential(
          new Conv2d(3, 3, { kernelSize: 3, padding: 1, generator }),
          new BatchNorm2d(3),
          new Dropout(0.5, { generator }),
        );
      const stages = [stage(), stage()];
      using _checkpointing = checkpointed ? activationCheckpointing() : null;
      let value = randn(shape, { dtype: 'float32', generator });
      const seen: Tensor[] = [];
      for (const each of stages) {
        value = activationCheckpoint((input) => each.forward(input), { input: value, modules: [each] });
        seen.push(value);
      }
      // Two ways back to the first stage's output.
      const loss = seen.reduce(
        (sum, each) => sum.add(each.mul(each).mean()),
        tensorFrom([0], { dtype: 'float32', shape: [] }),
      );
      loss.backward();
      const state = [...stages.flatMap((each) => [...each.parameters()].map(({ grad }) => grad as Tensor))];
      const buffers = stages.flatMap((each) => [...each.namedBuffers().values()]);
      const result = [digest(state), digest(buffers), Buffer.from(generator.state()).toString('base64')];
      for (const each of stages) each.dispose();
      return result;
    });
  }

  test('draws the same masks, counts its statistics once and leaves the generator as it was', () => {
    expect(gradients(true)).toEqual(gradients(false));
  });

  test('is left to the scope when backward never comes', () => {
    tidy(() => {
      using generator = new Generator(1);
      const convolution = new Conv2d(3, 3, { kernelSize: 1, generator });
      {
        using _checkpointing = activationCheckpointing();
        const input = randn(shape, { dtype: 'float32', generator });
        activationCheckpoint((images) => convolution.forward(images), { input, modules: [convolution] });
      }
      convolution.dispose();
    });
  });

  test('does not start in the middle of a graph', () => {
    tidy(() => {
      using generator = new Generator(1);
      const convolution = new Conv2d(3, 3, { kernelSize: 1, generator });
      using _checkpointing = activationCheckpointing();
      const input = convolution.forward(randn(shape, { dtype: 'float32', generator }));
      expect(() => activationCheckpoint((value) => value, { input, modules: [] })).toThrow(
        'activationCheckpoint: expected an input without gradient',
      );
      convolution.dispose();
    });
  });
});
