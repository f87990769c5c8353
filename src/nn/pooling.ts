/** Implements pooling over windows of pixels. */
import { ops, type Tensor } from '../torch/index.js';
import { Module } from './module.js';

/** Configures a `MaxPool2d`. */
export interface MaxPool2dOptions {
  /** Sets the side of the square window in pixels. */
  readonly kernelSize: number;
  /** Sets the distance between windows in pixels; `kernelSize` by default. */
  readonly stride?: number;
  /** Sets the width of the border on every side, in pixels. */
  readonly padding?: number;
}

/** Takes the maximum over square windows. */
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

  /** Maps [N, C, H, W] to [N, C, H', W']. */
  forward(inputNCHW: Tensor): Tensor {
    return ops.maxPool2d(inputNCHW, this.#kernelSize, { stride: this.#stride, padding: this.#padding });
  }
}

/** Configures an `AveragePool2d`. */
export interface AveragePool2dOptions extends MaxPool2dOptions {
  /** Counts the zeros of the padding into the mean (PyTorch's default). */
  readonly countPadding?: boolean;
  /** Adds windows that reach over the right and lower edges (PyTorch's `ceil_mode`). */
  readonly coverEdges?: boolean;
}

/** Takes the mean over square windows. */
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

  /** Maps [N, C, H, W] to [N, C, H', W']. */
  forward(inputNCHW: Tensor): Tensor {
    return ops.avgPool2d(inputNCHW, this.#kernelSize, this.#options);
  }
}

/** Takes the mean over windows that are chosen so that the output has the given height and width. */
export class AdaptiveAveragePool2d extends Module {
  readonly #outputSize: readonly [number, number];

  constructor(outputSize: number | readonly [number, number] = 1) {
    super();
    this.#outputSize = typeof outputSize === 'number' ? [outputSize, outputSize] : outputSize;
  }

  /** Maps [N, C, H, W] to [N, C, height, width]. */
  forward(inputNCHW: Tensor): Tensor {
    return ops.adaptiveAvgPool2d(inputNCHW, [...this.#outputSize]);
  }
}

/** Returns the mean over all pixels, [N, C, 1, 1] from [N, C, H, W]. */
export function globalAveragePool(inputNCHW: Tensor): Tensor {
  return ops.adaptiveAvgPool2d(inputNCHW, [1, 1]);
}
