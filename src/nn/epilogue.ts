/** Describes what layers apply to their output in the same pass over memory. */

import type { Tensor } from '../torch/index.js';
import type { Activation } from './activation.js';

/** Configures what follows a layer: its output becomes `activation(output + residual)`. */
export interface Epilogue {
  /** Is added to the output and has its shape. */
  readonly residual?: Tensor | null;
  readonly activation?: Activation;
}
