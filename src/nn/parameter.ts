/**
 * Defines the tensors that modules own. They take over the tensor from which they are made, which is disposed, under a
 * handle that no scope owns. A module that is created in a scope therefore outlives it; its tensors live until
 * `dispose()`.
 */
import { Tensor } from '../torch/index.js';
import { takeHandle } from '../torch/internal.js';

/** Is a tensor that is trained: it requires a gradient. */
export class Parameter extends Tensor {
  constructor(tensor: Tensor) {
    super(takeHandle(tensor));
    this.requiresGrad_();
  }
}

/** Is a tensor of the state that is not trained, such as running statistics. */
export class Buffer extends Tensor {
  constructor(tensor: Tensor) {
    super(takeHandle(tensor));
  }
}
