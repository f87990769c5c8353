/**
 * Batch normalization over N, H and W (Ioffe & Szegedy 2015), with the parameters and defaults of
 * `torch.nn.BatchNorm2d`, and what a network does with its output: the addition of a shortcut and ReLU. On a CPU the
 * three are bound by memory, not by arithmetic, so they are one operator (native/kernels/batch_norm.cc). The momentum
 * is fixed, so PyTorch's count of batches has no use and is accepted and ignored.
 */
import { ones, ops, type Tensor, zeros } from '../torch/index.js';
import { kernels } from '../torch/internal.js';
import { Module } from './module.js';
import { Buffer, Parameter } from './parameter.js';

export interface BatchNorm2dOptions {
  readonly epsilon?: number;
  /** Share of a batch's statistics in the running ones. */
  readonly momentum?: number;
}

/** What follows the normalization: `activation(normalized + residual)`. */
export interface AfterNorm {
  /** Of the input's shape. */
  readonly residual?: Tensor | null;
  readonly activation?: 'none' | 'relu';
}

export class BatchNorm2d extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;
  // A field's path is its state-dict name, and these are the names that published weights have.
  readonly running_mean: Buffer;
  readonly running_var: Buffer;
  readonly #epsilon: number;
  readonly #momentum: number;
  #synchronized = false;

  constructor(channels: number, { epsilon = 1e-5, momentum = 0.1 }: BatchNorm2dOptions = {}) {
    super();
    this.weight = new Parameter(ones([channels], { dtype: 'float32' }));
    this.bias = new Parameter(zeros([channels], { dtype: 'float32' }));
    this.running_mean = new Buffer(zeros([channels], { dtype: 'float32' }));
    this.running_var = new Buffer(ones([channels], { dtype: 'float32' }));
    this.#epsilon = epsilon;
    this.#momentum = momentum;
  }

  get epsilon(): number {
    return this.#epsilon;
  }

  /** [N, C, H, W] to the same, in the input's dtype. In training it also updates the running statistics, in place. */
  forward(inputNCHW: Tensor, { residual = null, activation = 'none' }: AfterNorm = {}): Tensor {
    const rectified = activation === 'relu';
    if (kernels() === 'fused' || this.#synchronized) {
      return ops.activatedBatchNorm(
        inputNCHW,
        this.weight,
        this.bias,
        this.running_mean,
        this.running_var,
        residual,
        this.training,
        this.#momentum,
        this.#epsilon,
        rectified,
        this.#synchronized,
      );
    }
    const normalized = ops.batchNorm(
      inputNCHW,
      this.weight,
      this.bias,
      this.running_mean,
      this.running_var,
      this.training,
      this.#momentum,
      this.#epsilon,
      true,
    );
    // In place: the normalization does not need its output for its gradient, and nothing else has it.
    const sum = residual === null ? normalized : normalized.add_(residual);
    return rectified ? ops.relu_(sum) : sum;
  }

  /**
   * Whether the statistics of training are those of the batches of all processes (PyTorch's SyncBatchNorm) while a
   * process group is open. Parameters, buffers and their names stay what they are.
   */
  synchronize(on: boolean): void {
    this.#synchronized = on;
  }

  protected override unusedStateNames(): readonly string[] {
    return ['num_batches_tracked'];
  }
}
