/** What the two blocks of a ResNet have in common. */
import type { BatchNorm2d, Module } from '../../nn/index.js';
import type { Generator, Tensor } from '../../torch/index.js';

export interface BlockOptions {
  readonly stride: number;
  readonly dilation: number;
  readonly generator: Generator;
}

export interface ResidualBlock extends Module {
  /** The normalization whose output is added to the shortcut. */
  readonly lastNorm: BatchNorm2d;
  forward(inputNCHW: Tensor): Tensor;
}
