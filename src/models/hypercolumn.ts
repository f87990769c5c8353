/**
 * Implements a head on hypercolumns (Hariharan et al. 2015): the features of several stages, brought to stride 4, classify
 * each of its cells by a small network. A 1×1 convolution commutes with bilinear resizing, so that a coarse feature is
 * projected at its own resolution and the few channels of the projection are resized. The same network reads features that
 * are already stacked, which is what quick training draws its pixels from.
 */

import { z } from 'zod';
import { Buffer, Conv2d, constant, Module, normal, resizeBilinear } from '../nn/index.js';
import { type FoldableConvolution, foldedConvolutions, spatialSize } from '../nn/internal.js';
import { defineComponent, parseOptions } from '../registry/index.js';
import { cat, ones, ops, type Tensor, tidy, zeros } from '../torch/index.js';
import type { Features } from './backbone.js';
import { type FeatureTap, featureTaps, tapChannels, tapsOf } from './feature-taps.js';
import type { HeadContext, HeadOutput, StackableHead } from './head.js';
import { asKernel, multiplyCells, Pointwise, pointwiseGeometry } from './pointwise.js';

const widths = z.array(z.int().positive());

const schema = z
  .strictObject({
    taps: z
      .array(z.enum(featureTaps))
      .min(1)
      .refine((taps) => new Set(taps).size === taps.length, { error: 'expected each feature at most once' })
      .nullable()
      .default(null)
      .describe(
        'Features that are read: `stem` (stride 2) and `stage1` to `stage4`. `null` is all that the backbone gives.',
      ),
    hidden: widths
      .default([64])
      .describe('Widths of the hidden layers, which see one cell each. `[]` is a linear classifier.'),
    refinement: widths
      .default([])
      .describe(
        'Widths of 3×3 convolutions after the hidden layers, which see the cells around. `[]` has none.',
      ),
  })
  .refine(({ hidden, refinement }) => hidden.length > 0 || refinement.length === 0, {
    path: ['refinement'],
    error: 'expected at least one width in hidden, on whose layer the convolutions work',
  })
  .describe('A small network on features of several stages at stride 4 (Hariharan et al. 2015).');

/** Configures `Hypercolumn`. */
export interface HypercolumnOptions extends z.input<typeof schema>, HeadContext {}

/** Computes logits from the features of several stages, cell by cell. */
export class Hypercolumn extends Module implements StackableHead {
  readonly channels: number;
  readonly taps: readonly FeatureTap[];
  /** Gives the channels of each tap, in their order. */
  readonly tapChannels: readonly number[];
  readonly needsStem: boolean;
  /** Holds what is subtracted from each channel of the features, [channels]. */
  readonly mean: Buffer;
  /** Holds the factor of each channel after that, [channels]. */
  readonly scale: Buffer;
  readonly hidden: readonly Pointwise[];
  readonly refinement: readonly Conv2d[];
  readonly classifier: Pointwise;
  /** Holds for each tap its part of the first layer, whose weights are made when it is packed for inference. */
  readonly #parts: readonly FoldableConvolution[];
  readonly #alignCorners: boolean;

  /**
   * Creates the network with parameters drawn from `generator`.
   *
   * @throws {OperationError} when an option is out of range
   * @throws {ConfigError} when the backbone does not give a feature
   */
  constructor({ backbone, classCount, generator, alignCorners = false, ...options }: HypercolumnOptions) {
    super();
    const { taps, hidden, refinement } = parseOptions('Hypercolumn', schema, options);
    this.#alignCorners = alignCorners;
    this.taps = taps ?? featureTaps.filter((tap) => tap !== 'stem' || backbone.stemChannels !== undefined);
    this.tapChannels = this.taps.map((tap) => tapChannels(backbone, tap));
    this.needsStem = this.taps.includes('stem');
    let channels = this.tapChannels.reduce((sum, count) => sum + count, 0);
    this.mean = new Buffer(zeros([channels], { dtype: 'float32' }));
    this.scale = new Buffer(ones([channels], { dtype: 'float32' }));
    this.hidden = hidden.map((width) => {
      const layer = new Pointwise(channels, width, { generator });
      channels = width;
      return layer;
    });
    this.refinement = refinement.map((width) => {
      const layer = new Conv2d(channels, width, { kernelSize: 3, padding: 1, generator });
      channels = width;
      return layer;
    });
    this.channels = channels;
    this.classifier = new Pointwise(channels, classCount, {
      generator,
      initializeWeight: normal(0.01),
      initializeBias: constant(0),
    });
    this.#parts = this.taps.map((_, place) => this.#partOf(place));
  }

  /** Tells how many cells a logit depends on in each direction: 1 without refinement. */
  get patchSize(): number {
    return 1 + 2 * this.refinement.length;
  }

  /**
   * Sets by what features are standardized before the first layer.
   *
   * @param statistics mean and standard deviation of each channel; where the latter is 0 a channel is only shifted
   */
  standardize({ mean, deviation }: { readonly mean: Tensor; readonly deviation: Tensor }): void {
    tidy(() => {
      this.mean.copy_(mean);
      this.scale.copy_(ones(deviation.shape, { dtype: 'float32' }).div(deviation.where(deviation.gt(0), 1)));
    });
  }

  /** Returns logits and features at the size of the first stage, a quarter of the image's. */
  forward(features: Features): HeadOutput {
    const size = spatialSize(features[0]);
    const taps = tapsOf(features, this.taps);
    const resize = (map: Tensor) => resizeBilinear(map, size, { alignCorners: this.#alignCorners });
    const projections = taps.map((tap, place) =>
      // A tap that is finer than the result has fewer channels than its projection, and is resized before.
      spatialSize(tap)[0] > size[0] ? this.#project(place, resize(tap)) : resize(this.#project(place, tap)),
    );
    const first = projections.reduce((sum, projection) => sum.add(projection));
    return this.#classify(first, () => this.#standardized(cat(taps.map(resize), 1)));
  }

  /**
   * Returns logits and features of cells whose taps are stacked already.
   *
   * @param stackedNCHW features [N, channels of all taps, h, w], in the order of the taps
   */
  forwardStacked(stackedNCHW: Tensor): HeadOutput {
    const first = multiplyCells(stackedNCHW, this.#standardizedFirst());
    return this.#classify(first, () => this.#standardized(stackedNCHW));
  }

  get #first(): Pointwise {
    return this.hidden[0] ?? this.classifier;
  }

  /** Returns the output from what the first layer computed; `standardized` gives what a linear classifier reads. */
  #classify(first: Tensor, standardized: () => Tensor): HeadOutput {
    if (this.hidden.length === 0) {
      // Only extra heads read the features, which are large here.
      return {
        logitsNCHW: first,
        get featuresNCHW() {
          return standardized();
        },
        auxiliaryLogitsNCHW: null,
      };
    }
    const layers = [...this.hidden.slice(1), ...this.refinement];
    const featuresNCHW = layers.reduce((value, layer) => layer.forward(value).relu(), first.relu());
    return { logitsNCHW: this.classifier.forward(featuresNCHW), featuresNCHW, auxiliaryLogitsNCHW: null };
  }

  /** Returns what the first layer makes of one tap, with the bias where it is the first. */
  #project(place: number, tap: Tensor): Tensor {
    const part = this.#parts[place] as FoldableConvolution;
    const folded = this.training ? null : foldedConvolutions();
    if (folded !== null) return folded.convolve({ conv: part, bn: null }, tap);
    return ops.conv2d(tap, part.weight, { bias: part.bias });
  }

  #partOf(place: number): FoldableConvolution {
    const start = this.tapChannels.slice(0, place).reduce((sum, count) => sum + count, 0);
    const length = this.tapChannels[place] as number;
    const standardized = () => this.#standardizedFirst();
    return {
      geometry: pointwiseGeometry,
      get weight() {
        return asKernel(standardized().weight.narrow(1, start, length));
      },
      get bias() {
        return place === 0 ? standardized().bias : null;
      },
    };
  }

  /** Returns weight and bias of the first layer for features as they come, which standardizes them on the way. */
  #standardizedFirst(): { readonly weight: Tensor; readonly bias: Tensor } {
    const { weight, bias } = this.#first;
    const scaled = weight.mul(this.scale);
    return { weight: scaled, bias: bias.sub(scaled.mul(this.mean).sum(1)) };
  }

  #standardized(stackedNCHW: Tensor): Tensor {
    return stackedNCHW.sub(this.#channelwise(this.mean)).mul(this.#channelwise(this.scale));
  }

  #channelwise(values: Tensor): Tensor {
    return values.reshape([1, -1, 1, 1]);
  }
}

export const hypercolumnComponent = defineComponent({
  kind: 'hypercolumn',
  options: schema,
  readsStacked: true,
  create: (parsed, context: HeadContext): StackableHead => new Hypercolumn({ ...context, ...parsed }),
});
