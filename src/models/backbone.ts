/** Defines backbones: networks from images to features. */

import type { Module } from '../nn/index.js';
import type { Component } from '../registry/index.js';
import type { Generator, Tensor } from '../torch/index.js';

/** Configures the forward pass of a backbone. */
export interface BackboneForwardOptions {
  /** Returns the feature of the stem too, as a fifth element; false by default. */
  readonly stem?: boolean;
}

/**
 * Computes features of four stages from images, finest first. A backbone of your own is any module with these members,
 * registered in `backbones`.
 */
export interface Backbone extends Module {
  /** Channels of the four features. */
  readonly channels: readonly [number, number, number, number];
  /** Channels of the stem's feature, at half the image's size. A backbone without this member returns no such feature. */
  readonly stemChannels?: number;
  /** Ratio of the image's height to that of the last feature. */
  readonly outputStride: number;
  /** Maps normalized images [N, image channels, H, W] to four features, stage 1 (stride 4) first. */
  forward(imagesNCHW: Tensor, options?: BackboneForwardOptions): Features;
  /**
   * Returns the name that published weight files give to the parameter or buffer `name`, or several names where
   * publishers differ. A backbone without this method loads files that use its own names.
   */
  publishedName?(name: string): string | readonly string[];
}

/**
 * Holds the features of stages 1 to 4, each [N, channels, H / stride, W / stride], and, where it was asked for, that of
 * the stem, [N, stem channels, H / 2, W / 2].
 */
export type Features = readonly [Tensor, Tensor, Tensor, Tensor, ...stem: Tensor[]];

/** Holds what a backbone may need beside its options. */
export interface BackboneContext {
  /** Draws the initial parameters. */
  readonly generator: Generator;
  /** Receives a line about what was assumed when weights were read. */
  readonly onNotice?: (notice: string) => void;
  /** Channels of the images; 3 when absent. */
  readonly imageChannels?: number;
}

/** Describes a backbone that a config can name. */
export interface BackboneComponent<Options = unknown> extends Component<Options, BackboneContext, Backbone> {}
