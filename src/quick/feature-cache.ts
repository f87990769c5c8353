/**
 * Keeps features between runs, one safetensors file for an image and view. Files are replaced atomically and carry a
 * checksum, so that several processes may use the folder at once, and a damaged file is found and made again.
 */

import { existsSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { CheckpointError, FileError } from '../errors/index.js';
import { formatBytes } from '../format/index.js';
import { readSafetensors, type Tensor, writeSafetensors } from '../torch/index.js';
import { measureFeatureCache, trimFeatureCache } from './cache-folder.js';

/** Holds tensors by name with texts beside them. */
export interface CacheEntry {
  /** Belong to the caller's scope, or live until they are disposed. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Configures a `FeatureCache`. */
export interface FeatureCacheOptions {
  /** Names the folder of all kept features. */
  readonly root: string;
  /** Names the folder inside it of this network and dataset, whose files are never removed to make room. */
  readonly group: string;
  readonly budgetBytes: number;
  readonly onNotice: (notice: string) => void;
}

/** Counts the bytes that are written before the folder is measured again, as other processes write too. */
const bytesBetweenMeasurements = 2 ** 28;
/** Estimates the bytes of a file beside those of its tensors. */
const headerBytes = 1024;
/** Makes room for more than the next file, as looking for the oldest files takes a while. */
const trimmedTo = 0.95;

/** Reads and writes the features of one network and dataset. */
export class FeatureCache {
  readonly #options: FeatureCacheOptions;
  readonly #folder: string;
  /** Counts the bytes in the folder; null before they are measured. */
  #bytes: number | null = null;
  #sinceMeasured = 0;
  #isOpen: boolean;

  constructor(options: FeatureCacheOptions) {
    this.#options = options;
    this.#folder = join(options.root, options.group);
    this.#isOpen = options.budgetBytes > 0;
  }

  /** Tells whether there is a file for a key; it may be damaged. */
  has(key: string): boolean {
    return existsSync(this.#pathOf(key));
  }

  /** Returns what was kept for a key; null where nothing was, or the file is damaged. */
  read(key: string): CacheEntry | null {
    const path = this.#pathOf(key);
    if (!existsSync(path)) return null;
    try {
      const { tensors, metadata } = readSafetensors(path);
      if (metadata.checksum === checksumOf(tensors).checksum) {
        markUsed(path);
        return { tensors, metadata };
      }
      for (const tensor of tensors.values()) tensor.dispose();
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      // Another process has just removed it.
      if (!existsSync(path)) return null;
    }
    this.#options.onNotice(`${path}: is damaged; its features are computed again`);
    rmSync(path, { force: true });
    return null;
  }

  /** Keeps tensors for a key, unless the budget is used up or the folder cannot be written, which is said once. */
  write(key: string, { tensors, metadata }: CacheEntry): void {
    if (!this.#isOpen) return;
    const { checksum, bytes } = checksumOf(tensors);
    if (!this.#makeRoom(bytes + headerBytes)) return;
    try {
      writeSafetensors(this.#pathOf(key), tensors, {
        metadata: { ...metadata, checksum },
        createFolder: true,
        shared: true,
        durable: false,
      });
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      this.#close(`${error.message}; features are computed again in the next run`);
    }
  }

  #makeRoom(bytes: number): boolean {
    const { root, budgetBytes } = this.#options;
    if (this.#bytes === null || this.#sinceMeasured > bytesBetweenMeasurements) {
      this.#bytes = measureFeatureCache(root).bytes;
      this.#sinceMeasured = 0;
    }
    if (this.#bytes + bytes > budgetBytes) {
      const wanted = Math.max(0, budgetBytes * trimmedTo - bytes);
      this.#bytes = trimFeatureCache(root, { bytes: wanted, keep: this.#folder });
    }
    if (this.#bytes + bytes > budgetBytes) {
      this.#close(
        `${root}: the features of this dataset take more than ${formatBytes(budgetBytes)}; the rest is computed again in ` +
          'the next run (quick.diskMiB)',
      );
      return false;
    }
    this.#bytes += bytes;
    this.#sinceMeasured += bytes;
    return true;
  }

  #close(notice: string): void {
    this.#isOpen = false;
    this.#options.onNotice(notice);
  }

  #pathOf(key: string): string {
    return join(this.#folder, `${key}.safetensors`);
  }
}

/** Returns a checksum over the bytes of all tensors, and their number. */
function checksumOf(tensors: ReadonlyMap<string, Tensor>): {
  readonly checksum: string;
  readonly bytes: number;
} {
  let sum = 0;
  let bytes = 0;
  for (const name of [...tensors.keys()].sort()) {
    const content = (tensors.get(name) as Tensor).toBytes();
    sum = crc32(content, sum);
    bytes += content.byteLength;
  }
  return { checksum: sum.toString(16).padStart(8, '0'), bytes };
}

/** Sets the time of a file to now, by which the least recently used ones are found. */
function markUsed(path: string): void {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch {
    // Somebody else's folder, or a read-only one.
  }
}
