/** The rectifier, as a function: it has no state. */
import { ops, type Tensor } from '../torch/index.js';

/** max(x, 0), fresh. */
export function relu(input: Tensor): Tensor {
  return input.relu();
}

/**
 * max(x, 0) written over its argument, which is returned. For a tensor that nothing else uses, such as the output of a
 * normalization: it saves one activation map, and batch normalization does not need its output for its gradient.
 */
export function reluInPlace(input: Tensor): Tensor {
  return ops.relu_(input);
}
