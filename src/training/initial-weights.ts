/**
 * Fetches the weights that a run starts from, and says which file they are of, so that the same run elsewhere can be
 * compared.
 */

import { basename } from 'node:path';
import type { Config } from '../config/index.js';
import { withoutReplacedWeights } from '../config/internal.js';
import { sha256OfFile } from '../files/index.js';
import type { FetchWeightsOptions } from '../models/index.js';
import { fetchWeightsOf } from '../models/internal.js';

/**
 * Fetches the ImageNet weights of the config's backbone where this machine does not have them, before the network is
 * created.
 *
 * @returns name and SHA-256 of the backbone's file; null for a run from random weights or from a whole network
 * @throws {ConfigError} when the published weights do not fit the backbone
 * @throws {DownloadError} when the file cannot be fetched
 * @throws {FileError} when the cache cannot be written
 */
export async function fetchInitialWeights(
  config: Config,
  options: FetchWeightsOptions = {},
): Promise<string | null> {
  const { backbone } = withoutReplacedWeights(config).model;
  const fetched = await fetchWeightsOf(backbone, options);
  if (fetched !== null) {
    const { file, sha256, published } = fetched;
    const origin = published ? '' : '; no hash is published for this file';
    options.onNotice?.(`starts from ImageNet weights ${file} (SHA-256 ${sha256.slice(0, 16)}…${origin})`);
    return described(file, sha256);
  }
  if (typeof backbone.weights !== 'string') return null;
  try {
    return described(backbone.weights, sha256OfFile(backbone.weights));
  } catch {
    // Whoever reads the weights says why they cannot be read.
    return null;
  }
}

function described(file: string, sha256: string): string {
  return `${basename(file)} (SHA-256 ${sha256})`;
}
