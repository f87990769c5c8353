/**
 * Measures the memory of a run between two lines of its log: the highest number of bytes in tensors at any moment, which
 * is far above what is left between steps, and what the whole process holds.
 */

import type { MemoryValues } from '../runs/index.js';
import { memory, resetPeakMemory } from '../torch/index.js';

export class MemoryMeter {
  #peak = 0;

  constructor() {
    resetPeakMemory();
  }

  /** Remembers the peak so far; must be called before anything else resets the peak of the allocator. */
  note(): void {
    this.#peak = Math.max(this.#peak, memory().peakBytes);
  }

  /** Returns the memory since the last call and begins anew. */
  take(): MemoryValues {
    this.note();
    const values = { peakTensorBytes: this.#peak, residentBytes: process.memoryUsage.rss() };
    resetPeakMemory();
    this.#peak = 0;
    return values;
  }
}
