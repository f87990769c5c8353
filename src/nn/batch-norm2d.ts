/**
 * Implements batch normalization over N, H and W (Ioffe & Szegedy 2015), with the parameters and defaults of
 * `torch.nn.BatchNorm2d`, followed by the addition of a shortcut and an activation. On a CPU memory bandwidth limits all
 * three, so one operator computes them together (native/kernels/batch_norm_activation.cc).
 */
import { OperationError } from '../errors/index.js';
import { ones, ops, type Tensor, tidy, zeros } from '../torch/index.js';
import { selectKernel } from '../torch/internal.js';
import { type Activation, activate } from './activation.js';
import type { Epilogue } from './epilogue.js';
import { Module } from './module.js';
import { Buffer, Parameter } from './parameter.js';

/** Configures a `BatchNorm2d`. */
export interface BatchNorm2dOptions {
  /** Is added to the variance. */
  readonly epsilon?: number;
  /** Sets the share of a batch's statistics in the new running statistics. */
  readonly momentum?: number;
}

/** Normalizes each channel by the statistics of the batch in training, and by the running statistics in evaluation. */
export class BatchNorm2d extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;
  // A field's path is its state-dict name, and these are the names that published weights have.
  readonly running_mean: Buffer;
  readonly running_var: Buffer;
  readonly #epsilon: number;
  readonly #momentum: number;
  #synchronized = false;
  #frozen = false;

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

  /**
   * Maps [N, C, H, W] to the same shape and dtype. Training also updates the running statistics, in place.
   *
   * @throws {OperationError} when the input has not four dimensions
   */
  forward(inputNCHW: Tensor, { residual = null, activation = 'none' }: Epilogue = {}): Tensor {
    if (inputNCHW.ndim !== 4) {
      throw new OperationError(
        `BatchNorm2d: expected maps [N,C,H,W], received [${inputNCHW.shape.join(',')}]`,
      );
    }
    return selectKernel('batchNormActivation', {
      inputs: [inputNCHW],
      // Maps in another layout keep it, which the fused kernel would change.
      when:
        this.weight.dtype === 'float32' &&
        (inputNCHW.isContiguous('channels-last') || (this.#measures && this.#synchronized)),
      required: this.#synchronized,
      fused: () => this.#forwardFused(inputNCHW, residual, activation),
      stock: () => this.#forwardStock(inputNCHW, residual, activation),
    });
  }

  #forwardFused(inputNCHW: Tensor, residual: Tensor | null, activation: Activation): Tensor {
    return ops.batchNormActivation(
      inputNCHW,
      this.weight,
      this.bias,
      this.running_mean,
      this.running_var,
      residual,
      this.#measures,
      this.#momentum,
      this.#epsilon,
      activation,
      this.#synchronized,
    );
  }

  #forwardStock(inputNCHW: Tensor, residual: Tensor | null, activation: Activation): Tensor {
    const parameters = [this.weight, this.bias, this.running_mean, this.running_var] as const;
    const settings = [this.#measures, this.#momentum, this.#epsilon] as const;
    return tidy(() => {
      const normalized = this.#synchronized
        ? ops.syncBatchNorm(inputNCHW, ...parameters, ...settings)
        : ops.batchNorm(inputNCHW, ...parameters, ...settings, true);
      // In place, as the normalization does not need its output for its gradient and nothing else uses it.
      return activate(residual === null ? normalized : normalized.add_(residual), activation);
    });
  }

  /**
   * Chooses whether training normalizes with the stored statistics, as evaluation does, and leaves them as they are;
   * weight and bias are trained all the same (mmsegmentation's `norm_eval`).
   */
  freezeStatistics(on: boolean): void {
    this.#frozen = on;
  }

  /** Is true where the statistics are those of the batch. */
  get #measures(): boolean {
    return this.training && !this.#frozen;
  }

  /**
   * Chooses whether training takes the statistics of the batches of all ranks (PyTorch's SyncBatchNorm) while a process
   * group is open. Parameters, buffers and their names do not change.
   */
  synchronize(on: boolean): void {
    this.#synchronized = on;
  }

  // PyTorch counts batches for a momentum of null, which does not exist here.
  protected override unusedStateNames(): readonly string[] {
    return ['num_batches_tracked'];
  }
}

/** Calls `synchronize(on)` on every `BatchNorm2d` of a network and returns how many there are. */
export function synchronizeBatchNorm(module: Module, on: boolean): number {
  const norms = [...module.namedModules().values()].filter((part) => part instanceof BatchNorm2d);
  for (const norm of norms) norm.synchronize(on);
  return norms.length;
}
