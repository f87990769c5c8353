/** Says of an image that is too large for memory what would make it fit. */

import type { Size } from '../data/index.js';
import { isMemoryError } from '../errors/internal.js';
import { trimMemory } from '../torch/index.js';
import type { InferenceOptions } from './inference-protocol.js';

/** Names an image that was left out, and says why. */
export interface LeftOut {
  readonly image: string;
  /** Does not name the image again. */
  readonly reason: string;
}

/**
 * Returns what to say of an image whose inference asked for more memory than there is, in one line; null for any other
 * error. Memory that was kept for reuse is returned to the system, so that the next image has all of it.
 */
export function memoryProblem(
  error: unknown,
  { width, height, window }: Size & Pick<InferenceOptions, 'window'>,
): string | null {
  if (!isMemoryError(error)) return null;
  trimMemory();
  const remedy =
    window === null || window === undefined
      ? 'read it in windows, with --slide (inference.mode: slide)'
      : 'choose smaller windows (--window) or fewer scales';
  return `${width}×${height} pixels do not fit into memory (${error.message}); ${remedy}`;
}
