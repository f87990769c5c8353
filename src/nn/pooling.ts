/** Spatial pooling. */
import { ops, type Tensor } from '../torch/index.js';
import { Module } from './module.js';

export interface MaxPool2dOptions {
  /** Side of the square window, in pixels. */
  readonly kernelSize: number;
  readonly stride?: number;
  readonly padding?: number;
}

/** The maximum over square windows. */
export class MaxPool2d extends Module {
  readonly #kernelSize: number[];
  readonly #stride: number[];
  readonly #padding: number[];

  constructor({ kernelSize, stride = kernelSize, padding = 0 }: MaxPool2dOptions) {
    super();
    this.#kernelSize = [kernelSize, kernelSize];
    this.#stride = [stride, stride];
    this.#padding = [padding, padding];
  }

  /** [N, C, H, W] to [N, C, H', W']. */
  forward(inputNCHW: Tensor): Tensor {
    return ops.maxPool2d(inputNCHW, this.#kernelSize, { stride: this.#stride, padding: this.#padding });
  }
}

/** The mean over windows chosen such that the output has this height and width. */
export class AdaptiveAveragePool2d extends Module {
  readonly #outputSize: readonly [number, number];

  constructor(outputSize: number | readonly [number, number] = 1) {
    super();
    this.#outputSize = typeof outputSize === 'number' ? [outputSize, outputSize] : outputSize;
  }

  /** [N, C, H, W] to [N, C, height, width]. */
  forward(inputNCHW: Tensor): Tensor {
    return ops.adaptiveAvgPool2d(inputNCHW, [...this.#outputSize]);
  }
}

/** The mean over all pixels: [N, C, H, W] to [N, C, 1, 1]. */
export function globalAveragePool(inputNCHW: Tensor): Tensor {
  return ops.adaptiveAvgPool2d(inputNCHW, [1, 1]);
}
