/** What a backbone is to heads, to weight files and to configs. */
import type { Module } from '../nn/index.js';
import type { Generator, Tensor } from '../torch/index.js';

/**
 * A network from images to features of four stages, finest first. A user's own backbone is any module with these
 * members, registered in `backbones`.
 */
export interface Backbone extends Module {
  /** Channels of the four features. */
  readonly channels: readonly [number, number, number, number];
  /** Pixels of the image for one of the last feature, along a side. */
  readonly outputStride: number;
  /** Normalized images [N, 3, H, W] to four features, stage 1 (stride 4) first. */
  forward(imagesNCHW: Tensor): Features;
  /**
   * The name that published weight files give to the parameter or buffer called `name` here, or the names where
   * publishers differ. A backbone without this method loads files that use its own names.
   */
  publishedName?(name: string): string | readonly string[];
}

/** Features of stages 1 to 4, each [N, channels, H / stride, W / stride]. */
export type Features = readonly [Tensor, Tensor, Tensor, Tensor];

export interface BackboneContext {
  /** Source of the first values of all parameters. */
  readonly generator: Generator;
}
