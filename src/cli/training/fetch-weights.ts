/** Fetches the ImageNet weights that runs start from, with progress, before their training begins. */

import type { Config } from '../../config/index.js';
import { withoutReplacedWeights } from '../../config/internal.js';
import { fetchWeightsOf } from '../../models/internal.js';
import { printNotice } from '../output/print-notice.js';
import { createTransferDisplay } from '../output/transfer-display.js';

/**
 * Fetches the weights that these configs start from and this machine does not have.
 *
 * @throws {ConfigError} when published weights do not fit the backbone of a config
 * @throws {DownloadError} when a file cannot be fetched
 * @throws {FileError} when the cache cannot be written
 */
export async function fetchWeights(configs: readonly Config[]): Promise<void> {
  for (const config of configs) {
    const display = createTransferDisplay();
    try {
      await fetchWeightsOf(withoutReplacedWeights(config).model.backbone, {
        onNotice: printNotice,
        onProgress: display.show,
      });
    } finally {
      display.close();
    }
  }
}
