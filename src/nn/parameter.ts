/**
 * The two kinds of tensor a module owns. Both take over the tensor they are made from (which is disposed), under a
 * handle that no scope owns, so that a module built inside a scope outlives it. They live until `dispose()`.
 */
import { Tensor } from '../torch/index.js';
import { release } from '../torch/internal.js';

/** A tensor that is trained: it requires a gradient and belongs to the module whose field it is. */
export class Parameter extends Tensor {
  constructor(tensor: Tensor) {
    super(release(tensor));
    this.requiresGrad_();
  }
}

/** A tensor that is part of a module's or optimizer's state but not trained, such as running statistics. */
export class Buffer extends Tensor {
  constructor(tensor: Tensor) {
    super(release(tensor));
  }
}
