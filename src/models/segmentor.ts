/** Joins a backbone, a head and, in training, an auxiliary head: from images to logits at the images' size. */

import { OperationError } from '../errors/index.js';
import { Module, resizeBilinear } from '../nn/index.js';
import { spatialSize } from '../nn/internal.js';
import type { Tensor } from '../torch/index.js';
import type { Backbone } from './backbone.js';
import type { ExtraHeads } from './extra-heads.js';
import type { Head } from './head.js';

/** Holds mean and standard deviation of the channels of images, on the scale from 0 to 255. */
export interface ImageNormalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

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
  /** Aligns the corners where logits are resized to the image; false by default. */
  readonly alignCorners?: boolean | undefined;
  /** Normalization that the network expects of its images; null, the default, leaves it to the caller. */
  readonly normalization?: ImageNormalization | null | undefined;
}

/** Segments images. Its parts are freed with it. */
export class Segmentor extends Module {
  readonly backbone: Backbone;
  readonly head: Head;
  readonly auxiliary: Head | null;
  readonly extraHeads: ExtraHeads | null;
  /** Tells whether corners are aligned where logits are resized. */
  readonly alignCorners: boolean;
  /** Gives the normalization that the network expects; null leaves it to the caller, who takes ImageNet's. */
  readonly normalization: ImageNormalization | null;

  /** @throws {OperationError} when a head reads the stem's feature and the backbone returns none */
  constructor(parts: SegmentorParts) {
    super();
    const readsStem = parts.head.needsStem === true || parts.auxiliary?.needsStem === true;
    if (readsStem && parts.backbone.stemChannels === undefined) {
      throw new OperationError(
        `Segmentor: expected a backbone with stemChannels, because a head needs the stem's feature; ${parts.backbone.constructor.name} has none`,
      );
    }
    this.backbone = parts.backbone;
    this.head = parts.head;
    this.auxiliary = parts.auxiliary ?? null;
    this.extraHeads = parts.extraHeads ?? null;
    this.alignCorners = parts.alignCorners ?? false;
    this.normalization = parts.normalization ?? null;
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
   * Returns predictions at the images' size, resized bilinearly.
   *
   * @param imagesNCHW normalized images, [N, image channels, H, W]
   */
  forward(imagesNCHW: Tensor): SegmentorOutput {
    const output = this.forwardLogits(imagesNCHW);
    return this.alignCorners ? output : this.#resized(output, spatialSize(imagesNCHW));
  }

  /**
   * Returns predictions at the resolution of the heads, for a loss or an inference that resizes them itself with pixel
   * centers at half-integers. A network that aligns corners returns them at the images' size.
   */
  forwardLogits(imagesNCHW: Tensor): SegmentorOutput {
    const output = this.#forwardHeads(imagesNCHW);
    return this.alignCorners ? this.#resized(output, spatialSize(imagesNCHW)) : output;
  }

  #resized(
    { logitsNCHW, auxiliaryLogitsNCHW, extraHeads }: SegmentorOutput,
    size: readonly [number, number],
  ): SegmentorOutput {
    const resized = (mapNCHW: Tensor) => resizeBilinear(mapNCHW, size, { alignCorners: this.alignCorners });
    return {
      logitsNCHW: resized(logitsNCHW),
      auxiliaryLogitsNCHW: auxiliaryLogitsNCHW === null ? null : resized(auxiliaryLogitsNCHW),
      extraHeads: Object.fromEntries(
        Object.entries(extraHeads).map(([name, mapNCHW]) => [name, resized(mapNCHW)]),
      ),
    };
  }

  /** Is true where a head that runs now reads the stem's feature. */
  get #needsStem(): boolean {
    const { head, auxiliary, training } = this;
    return head.needsStem === true || (training && auxiliary?.needsStem === true);
  }

  #forwardHeads(imagesNCHW: Tensor): SegmentorOutput {
    const features = this.backbone.forward(imagesNCHW, { stem: this.#needsStem });
    const output = this.head.forward(features);
    const { logitsNCHW, auxiliaryLogitsNCHW: ownAuxiliary } = output;
    // A head may make these features only where they are read.
    const extraHeads = this.extraHeads?.forward(output.featuresNCHW) ?? {};
    if (!this.training) return { logitsNCHW, auxiliaryLogitsNCHW: null, extraHeads };
    const auxiliaryLogitsNCHW =
      this.auxiliary === null ? ownAuxiliary : this.auxiliary.forward(features).logitsNCHW;
    return { logitsNCHW, auxiliaryLogitsNCHW, extraHeads };
  }
}
