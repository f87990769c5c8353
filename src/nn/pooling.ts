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

export interface AveragePool2dOptions extends MaxPool2dOptions {
  /** Whether the zeros of the padding count into the mean (PyTorch's default). */
  readonly countPadding?: boolean;
  /** Whether a window that is cut off by the right or lower edge gives a value too. */
  readonly coverEdges?: boolean;
}

/** The mean over square windows. */
export class AveragePool2d extends Module {
  readonly #kernelSize: number[];
  readonly #options: { stride: number[]; padding: number[]; ceilMode: boolean; countIncludePad: boolean };

  constructor({
    kernelSize,
    stride = kernelSize,
    padding = 0,
    countPadding = true,
    coverEdges = false,
  }: AveragePool2dOptions) {
    super();
    this.#kernelSize = [kernelSize, kernelSize];
    this.#options = {
      stride: [stride, stride],
      padding: [padding, padding],
      ceilMode: coverEdges,
      countIncludePad: countPadding,
    };
  }

  /** [N, C, H, W] to [N, C, H', W']. */
  forward(inputNCHW: Tensor): Tensor {
    return ops.avgPool2d(inputNCHW, this.#kernelSize, this.#options);
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
