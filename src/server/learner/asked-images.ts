/** Shows the head what it asks about: the candidates of an image with their likelihoods, labels and features. */

import type { SegmentationDataset } from '../../data/index.js';
import type { StackableHead } from '../../models/index.js';
import { type FeatureMaps, headLikelihoods } from '../../quick/internal.js';
import { candidateGrid } from '../../suggest/index.js';
import {
  candidateCenters,
  candidateLabels,
  type Evidence,
  type EvidenceSource,
} from '../../suggest/internal.js';
import { scope } from '../../torch/index.js';

/** Configures `openAskedImages`. */
export interface AskedImagesOptions {
  readonly files: SegmentationDataset;
  readonly maps: FeatureMaps;
  /** Returns the head of now. */
  readonly head: () => StackableHead;
}

/** Returns what the head makes of the candidates of images; it owns nothing. */
export function askedImages({ files, maps, head }: AskedImagesOptions): EvidenceSource {
  return {
    usesStored: true,
    get computed() {
      return maps.computed;
    },
    async read(index): Promise<Evidence> {
      const found = (await files.readLabels?.(index)) ?? (await files.read(index));
      using image = await maps.read(index);
      const grid = candidateGrid(image.size);
      using work = scope();
      const stacked = work.keep(image.rows(candidateCenters(grid)).to({ dtype: 'float32' }));
      const likelihoods = headLikelihoods(head(), stacked);
      return {
        ...{ grid, likelihoods, stacked },
        classCount: files.classes.length,
        labels: candidateLabels(found.labels, grid),
      };
    },
    [Symbol.dispose]: () => undefined,
  };
}
