/** Defines a small network whose output at a pixel depends on distant pixels, so that windows and scales matter. */
import type { SegmentationModel } from 'coarsely/evaluation';
import { Conv2d, Module } from 'coarsely/nn';
import { type Generator, ops, type Tensor } from 'coarsely/torch';

export const classCount = 4;

export class ContextNetwork extends Module implements SegmentationModel {
  readonly halve: Conv2d;
  readonly widen: Conv2d;
  readonly classify: Conv2d;
  /** [height, width] of the inputs so far. */
  readonly #seen: (readonly [number, number])[] = [];

  constructor(generator: Generator) {
    super();
    this.halve = new Conv2d(3, 6, { kernelSize: 3, stride: 2, padding: 1, generator });
    this.widen = new Conv2d(6, 6, { kernelSize: 3, padding: 3, dilation: 3, generator });
    this.classify = new Conv2d(6, classCount, { kernelSize: 1, generator });
  }

  seenSizes(): readonly (readonly [number, number])[] {
    return this.#seen;
  }

  forward(imagesNCHW: Tensor): { logitsNCHW: Tensor } {
    const [, , height = 0, width = 0] = imagesNCHW.shape;
    this.#seen.push([height, width]);
    const features = this.widen.forward(this.halve.forward(imagesNCHW).relu()).relu();
    const logits = this.classify.forward(features).mul(4);
    return { logitsNCHW: ops.resizeBilinear(logits, [height, width]) };
  }
}
