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
