/** Joins a backbone, a head and, in training, an auxiliary head: from images to logits at the images' size. */

import { Module, resizeBilinear } from '../nn/index.js';
import { spatialSize } from '../nn/internal.js';
import type { Tensor } from '../torch/index.js';
import type { Backbone } from './backbone.js';
import type { ExtraHeads } from './extra-heads.js';
import type { Head } from './head.js';

/** Holds what a segmentor predicts. */
export interface SegmentorOutput {
  /** Logits, [N, classes, H, W]. */
  readonly logitsNCHW: Tensor;
  /** Logits of the auxiliary head or of the head's own auxiliary classifier; null in evaluation and without one. */
  readonly auxiliaryLogitsNCHW: Tensor | null;
  /** Predictions of the extra heads, [N, channels, H, W] by name, at the resolution of the logits. */
  readonly extraHeads: Readonly<Record<string, Tensor>>;
}

/** Holds the parts of a segmentor. */
export interface SegmentorParts {
  readonly backbone: Backbone;
  readonly head: Head;
  readonly auxiliary?: Head | null;
  readonly extraHeads?: ExtraHeads | null;
}

/** Segments images. Its parts are freed with it. */
export class Segmentor extends Module {
  readonly backbone: Backbone;
  readonly head: Head;
  readonly auxiliary: Head | null;
  readonly extraHeads: ExtraHeads | null;

  constructor({ backbone, head, auxiliary = null, extraHeads = null }: SegmentorParts) {
    super();
    this.backbone = backbone;
    this.head = head;
    this.auxiliary = auxiliary;
    this.extraHeads = extraHeads;
  }

  /** Returns the names of the parameters and buffers whose first dimension is the classes. */
  classTensorNames(): string[] {
    const parts = { head: this.head, auxiliary: this.auxiliary };
    return Object.entries(parts).flatMap(([place, part]) => {
      const { classTensors = ['classifier.weight', 'classifier.bias'] } = part ?? {};
      const own = part?.stateDict();
      return classTensors.filter((name) => own?.has(name)).map((name) => `${place}.${name}`);
    });
  }

  /**
   * Returns predictions at the images' size, resized bilinearly (align_corners = false).
   *
   * @param imagesNCHW normalized images, [N, image channels, H, W]
   */
  forward(imagesNCHW: Tensor): SegmentorOutput {
    const size = spatialSize(imagesNCHW);
    const { logitsNCHW, auxiliaryLogitsNCHW, extraHeads } = this.forwardLogits(imagesNCHW);
    return {
      logitsNCHW: resizeBilinear(logitsNCHW, size),
      auxiliaryLogitsNCHW: auxiliaryLogitsNCHW === null ? null : resizeBilinear(auxiliaryLogitsNCHW, size),
      extraHeads: Object.fromEntries(
        Object.entries(extraHeads).map(([name, mapNCHW]) => [name, resizeBilinear(mapNCHW, size)]),
      ),
    };
  }

  /** Returns predictions at the resolution of the heads, for a loss or an inference that resizes them itself. */
  forwardLogits(imagesNCHW: Tensor): SegmentorOutput {
    const features = this.backbone.forward(imagesNCHW);
    const { logitsNCHW, featuresNCHW, auxiliaryLogitsNCHW: ownAuxiliary } = this.head.forward(features);
    const extraHeads = this.extraHeads?.forward(featuresNCHW) ?? {};
    if (!this.training) return { logitsNCHW, auxiliaryLogitsNCHW: null, extraHeads };
    const auxiliaryLogitsNCHW =
      this.auxiliary === null ? ownAuxiliary : this.auxiliary.forward(features).logitsNCHW;
    return { logitsNCHW, auxiliaryLogitsNCHW, extraHeads };
  }
}
