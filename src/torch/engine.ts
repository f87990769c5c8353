/** Reports facts about libtorch, its threads and its memory. All of them hold for the whole process. */

import type { Device } from './dtype.js';
import { engineBuild, native } from './native.js';

/** Describes the libtorch that runs here. */
export interface Engine {
  /** Is libtorch's version, such as `1.13.0`. */
  readonly version: string;
  /** Names the addon's build, such as `debian-1.13.0`. */
  readonly key: string;
  /** Is the folder of libtorch. */
  readonly folder: string;
  /** Says in several lines how libtorch was compiled, in its own words. */
  readonly build: string;
  readonly threads: number;
  readonly cudaDevices: number;
  /** Tells whether this processor has instructions for bfloat16, so that mixed precision is faster. */
  readonly bfloat16Fast: boolean;
}

/**
 * Loads libtorch and describes it.
 *
 * @throws {EngineError} when the addon is not built or does not load
 */
export function engine(): Engine {
  const { key, folder } = engineBuild();
  const addon = native();
  return {
    version: addon.version(),
    key,
    folder,
    build: addon.buildInformation(),
    threads: addon.threads(),
    cudaDevices: addon.cudaDeviceCount(),
    bfloat16Fast: addon.hasNativeBfloat16(),
  };
}

/** Sets the number of threads that one operation uses, for the whole process. */
export function setThreads(count: number): void {
  native().setThreads(count);
}

/** Returns the number of threads that one operation uses. */
export function threads(): number {
  return native().threads();
}

/** Returns the number of tensors of this thread that are not yet disposed. */
export function liveTensorCount(): number {
  return native().liveCount();
}

/** Counts the bytes of tensors in the CPU's memory, of all threads. */
export interface Memory {
  /** Counts the bytes in tensors now, exactly. */
  readonly liveBytes: number;
  /** Is the highest `liveBytes` since the start or the last `resetPeakMemory()`. */
  readonly peakBytes: number;
  /** Counts the bytes of freed tensors that are kept for reuse. */
  readonly cachedBytes: number;
}

/** Returns the memory that tensors take on the CPU. */
export function memory(): Memory {
  const [liveBytes, peakBytes, cachedBytes] = native().memory();
  return { liveBytes, peakBytes, cachedBytes };
}

/** Sets the peak of `memory()` to what is live now. */
export function resetPeakMemory(): void {
  native().resetPeak();
}

/** Returns cached blocks to the system. The result is their size in bytes. */
export function trimMemory(): number {
  return native().trim();
}

/** Tells whether tensors can be created on this device. */
export function isAvailable(device: Device): boolean {
  return device === 'cpu' || native().cudaDeviceCount() > 0;
}
