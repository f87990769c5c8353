/**
 * Batch normalisation over N, H and W (Ioffe & Szegedy 2015), with the parameters and defaults of
 * `torch.nn.BatchNorm2d`. The momentum is fixed, so PyTorch's count of batches has no use and is accepted and ignored.
 *
 * The statistics are of the batch that this process sees. `forward` is the one place where any network takes them, and
 * names and shapes are those of PyTorch's SyncBatchNorm too: statistics over several processes need a change here alone.
 */
import { ones, ops, type Tensor, zeros } from '../torch/index.js';
import { Module } from './module.js';
import { Buffer, Parameter } from './parameter.js';

export interface BatchNorm2dOptions {
  readonly epsilon?: number;
  /** Share of a batch's statistics in the running ones. */
  readonly momentum?: number;
}

export class BatchNorm2d extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;
  // A field's path is its state-dict name, and these are the names that published weights have.
  readonly running_mean: Buffer;
  readonly running_var: Buffer;
  readonly #epsilon: number;
  readonly #momentum: number;

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

  /** [N, C, H, W] to the same. In training it also updates the running statistics, in place. */
  forward(inputNCHW: Tensor): Tensor {
    return ops.batchNorm(
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
  }

  protected override unusedStateNames(): readonly string[] {
    return ['num_batches_tracked'];
  }
}
