/** Facts about libtorch as it runs here, threads and memory: all process-wide. */

import type { Device } from './dtype.js';
import { engineBuild, native } from './native.js';

export interface Engine {
  /** libtorch's version, e.g. `1.13.0`. */
  readonly version: string;
  /** Names the build of the addon, e.g. `debian-1.13.0`. */
  readonly key: string;
  /** Where libtorch lies. */
  readonly folder: string;
  /** libtorch's own account of how it was compiled, several lines. */
  readonly build: string;
  readonly threads: number;
  readonly cudaDevices: number;
  /** Whether this processor multiplies bfloat16 natively, so that mixed precision is faster. */
  readonly bfloat16Fast: boolean;
}

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
    bfloat16Fast: addon.bfloat16Fast(),
  };
}

/** Threads of one operation, for the whole process. */
export function setThreads(count: number): void {
  native().setThreads(count);
}

export function threads(): number {
  return native().threads();
}

/** Tensors of this thread that are not yet disposed. */
export function liveTensorCount(): number {
  return native().liveCount();
}

export interface Memory {
  /** Bytes in tensors now, exactly, of all threads (CPU). */
  readonly liveBytes: number;
  /** The most there were since the start or the last `resetPeakMemory()`. */
  readonly peakBytes: number;
  /** Bytes kept mapped for reuse. */
  readonly cachedBytes: number;
}

export function memory(): Memory {
  const [liveBytes, peakBytes, cachedBytes] = native().memory();
  return { liveBytes, peakBytes, cachedBytes };
}

export function resetPeakMemory(): void {
  native().resetPeak();
}

/** Gives cached blocks back to the system; returns the bytes given back. */
export function trimMemory(): number {
  return native().trim();
}

export function isAvailable(device: Device): boolean {
  return device === 'cpu' || native().cudaDeviceCount() > 0;
}
