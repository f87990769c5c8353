/** Describes what layers apply to their output in the same pass over memory. */

import type { Tensor } from '../torch/index.js';

/** Configures what follows a layer: its output becomes `activation(output + residual)`. */
export interface Epilogue {
  /** A tensor of the output's shape that is added to it. */
  readonly residual?: Tensor | null;
  readonly activation?: 'none' | 'relu';
}
