/** A segmentor and SGD together: one batch can be learned by heart, and the same seed takes the same course. */
import { createSegmentor } from 'coarsely/models';
import { Sgd } from 'coarsely/optim';
import { Generator, liveTensorCount, noGrad, ops, randn, setThreads, tensorFrom, tidy } from 'coarsely/torch';
import { afterEach, beforeEach, expect, test } from 'vitest';

setThreads(1);

let live = 0;
beforeEach(() => {
  live = liveTensorCount();
});
afterEach(() => {
  expect(liveTensorCount()).toBe(live);
});

const SIZE = 48;

/** Trains on one batch of two images, each of four quarters of a class and colour; returns losses and accuracy. */
function learn({ seed, steps }: { readonly seed: number; readonly steps: number }): {
  readonly losses: number[];
  readonly accuracy: number;
} {
  using generator = new Generator(seed);
  const segmentor = createSegmentor(
    {
      backbone: { kind: 'resnet18' },
      head: { kind: 'deeplabv3plus', channels: 32, dropout: 0.1 },
      auxiliary: { channels: 16 },
    },
    { classCount: 4, generator },
  ).to({ memoryFormat: 'channels-last' });
  const optimizer = new Sgd([{ parameters: segmentor.parameters() }], { learningRate: 0.02 });
  const losses: number[] = [];
  const accuracy = tidy(() => {
    const classes = Float32Array.from({ length: 2 * SIZE * SIZE }, (_, index) => {
      const [image, y, x] = [Math.floor(index / SIZE ** 2), Math.floor(index / SIZE) % SIZE, index % SIZE];
      return (2 * Math.floor((2 * y) / SIZE) + Math.floor((2 * x) / SIZE) + image) % 4;
    });
    const shape = [2, SIZE, SIZE];
    const labels = tensorFrom(classes, { dtype: 'float32', shape }).to({ dtype: 'int64' });
    const colours = randn([4, 3], { dtype: 'float32', generator });
    const images = colours
      .indexSelect(0, labels.reshape([-1]))
      .reshape([...shape, 3])
      .permute([0, 3, 1, 2]);
    for (let step = 0; step < steps; step += 1) {
      tidy(() => {
        const { logitsNCHW, auxiliaryLogitsNCHW } = segmentor.forward(images);
        if (auxiliaryLogitsNCHW === null) throw new Error('expected auxiliary logits in training');
        const loss = ops.crossEntropyLoss(logitsNCHW, labels);
        const total = loss.add(ops.crossEntropyLoss(auxiliaryLogitsNCHW, labels).mul(0.4));
        optimizer.zeroGrad();
        total.backward();
        optimizer.step();
        losses.push(loss.item());
      });
    }
    const prediction = noGrad(() => segmentor.forward(images).logitsNCHW.argmax(1));
    return prediction.eq(labels).to({ dtype: 'float32' }).mean().item();
  });
  optimizer.zeroGrad();
  optimizer.dispose();
  segmentor.dispose();
  return { losses, accuracy };
}

test('one batch is learned by heart', () => {
  const { losses, accuracy } = learn({ seed: 1, steps: 60 });
  expect(losses[0]).toBeGreaterThan(1);
  expect(losses.at(-1)).toBeLessThan(0.2);
  expect(accuracy).toBeGreaterThan(0.95);
});

test('the same seed takes the same course bit for bit, another seed another', () => {
  const [first, again, other] = [1, 1, 2].map((seed) => learn({ seed, steps: 3 }).losses);
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
});
