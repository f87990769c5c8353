/** Says what makes a training step fit into memory that did not. */

import type { Config } from '../config/index.js';
import { MemoryError } from '../errors/index.js';
import { isMemoryError } from '../errors/internal.js';

/**
 * Runs one step of training.
 *
 * @throws {MemoryError} naming the size of the batch, with what to change, when the step asks for more memory than there is
 */
export function withMemoryAdvice<T>(config: Config, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (!isMemoryError(error)) throw error;
    if (config.quick !== null) {
      throw new MemoryError(
        `a batch of ${config.quick.pixels} pixels does not fit into memory (${error.message}); set a smaller quick.pixels or ` +
          'quick.memoryMiB',
        { cause: error },
      );
    }
    const [height, width] = config.data.augmentation.cropSize;
    throw new MemoryError(
      `a batch of ${config.training.batchSize} crops of ${width}×${height} does not fit into memory (${error.message}); ` +
        'set a smaller training.batchSize or data.augmentation.cropSize, training.gradientAccumulationSteps, or ' +
        'model.activationCheckpointing: true',
      { cause: error },
    );
  }
}
