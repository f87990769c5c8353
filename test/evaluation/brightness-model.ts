/** Stands in for a network with a known answer: class 0 where a pixel is dark, 1 where it is bright. */
import type { SegmentationModel } from 'coarsely/evaluation';
import { cat, type Tensor } from 'coarsely/torch';

export class BrightnessModel implements SegmentationModel {
  training = true;
  /** Shapes of the inputs, and whether the model was in training mode, in the order of the calls. */
  readonly calls: { shape: readonly number[]; training: boolean }[] = [];

  train(on = true): this {
    this.training = on;
    return this;
  }

  forward(imagesNCHW: Tensor): { logitsNCHW: Tensor } {
    this.calls.push({ shape: imagesNCHW.shape, training: this.training });
    const bright = imagesNCHW.narrow(1, 0, 1);
    return { logitsNCHW: cat([bright.neg(), bright], 1) };
  }
}
