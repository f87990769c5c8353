/**
 * Counts the floating-point operations of a training step: those of the convolutions, counted while they run forward
 * once, and three times that with backward, which computes products for the input's gradient and for the weight's. An
 * image of a quarter of the edges is run: the products grow with the pixels.
 */

import { configSchema } from 'coarsely/config';
import { createSegmentor } from 'coarsely/models';
import { Conv2d } from 'coarsely/nn';
import { Generator, noGrad, randn, tidy } from 'coarsely/torch';

/** Returns the operations of forward and backward for one image, and the bytes of all gradients. */
export function countOperations({
  backbone,
  height,
  width,
  classCount,
}: {
  readonly backbone: string;
  readonly height: number;
  readonly width: number;
  readonly classCount: number;
}): { operationsPerImage: number; gradientBytes: number } {
  const generator = new Generator(0);
  const { model: section } = configSchema.parse({
    data: { root: '.' },
    model: { backbone: { kind: backbone } },
  });
  const model = createSegmentor(section, { classCount, generator });
  model.to({ memoryFormat: 'channels-last' });
  const shrink = Math.min(height, width) >= 256 ? 4 : 1;
  const shape = [2, 3, height / shrink, width / shrink];
  const { forward } = Conv2d.prototype;
  let operations = 0;
  Conv2d.prototype.forward = function counted(this: Conv2d, ...inputs: Parameters<typeof forward>) {
    const output = forward.apply(this, inputs);
    const perOutput = this.weight.numel / (this.weight.shape[0] ?? 1);
    operations += 2 * output.numel * perOutput;
    return output;
  };
  try {
    // Two images: batch normalization needs more than one value a channel after global pooling.
    tidy(() => noGrad(() => model.forward(randn(shape, { dtype: 'float32', generator }))));
  } finally {
    Conv2d.prototype.forward = forward;
  }
  const gradientBytes = 4 * model.parameters().reduce((sum, { numel }) => sum + numel, 0);
  model.dispose();
  generator.dispose();
  return { operationsPerImage: (3 * operations * shrink ** 2) / 2, gradientBytes };
}
