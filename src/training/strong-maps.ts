/** Computes the maps of a strongly changed version of a batch, for losses of regions that need `strong`. */

import { OperationError } from '../errors/index.js';
import { resizeBilinear } from '../nn/index.js';
import type { Tensor } from '../torch/index.js';
import { forwardMaps } from './forward-maps.js';
import { anyNeeds, insideOf, type RegionMaps } from './region-losses.js';
import { type StrongView, strongView } from './strong-view.js';
import type { TrainingComponents } from './training-components.js';
import { allLabels } from './trusted-loss.js';

/**
 * Returns what the network predicts for a strongly changed version of the pixels that losses see in their arrangement, with
 * the labels, colors and predictions of the moving average mixed alike; null where no loss needs it.
 * @throws {OperationError} when nothing draws the changes
 */
export function strongMaps(
  components: TrainingComponents,
  { batch, teacherLogitsNCHW }: Pick<RegionMaps, 'batch' | 'teacherLogitsNCHW'>,
  { precision, patches }: { readonly precision: 'float32' | 'bfloat16'; readonly patches: boolean },
): RegionMaps | null {
  const { model, regionLosses } = components;
  if (!anyNeeds(regionLosses, 'strong')) return null;
  const { imagesNCHW, mix } = changed(components, batch.imagesNCHW);
  const { logitsNCHW } = forwardMaps(model, imagesNCHW, { precision, patches });
  const labelsNHW = allLabels(batch);
  const [, height = 0, width = 0] = labelsNHW.shape;
  const { origins, colorsN3HW, cellSize } = batch;
  const insideNHW = origins ? insideOf(origins, labelsNHW) : null;
  const sized = (map: Tensor) => resizeBilinear(map, [height, width]);
  return {
    batch: {
      imagesNCHW,
      labelsNHW: mix(labelsNHW),
      ...(cellSize !== undefined && { cellSize }),
      ...(colorsN3HW && { colorsN3HW: mix(colorsN3HW) }),
    },
    logitsNCHW,
    ...(teacherLogitsNCHW && { teacherLogitsNCHW: mix(sized(teacherLogitsNCHW)) }),
    ...(insideNHW && { insideNHW: mix(insideNHW) }),
  };
}

/** Changes images, or features where the network reads these. */
function changed({ model, generator, normalization }: TrainingComponents, imagesNCHW: Tensor): StrongView {
  if (!generator) {
    throw new OperationError(
      'trainStep: a loss of regions needs strongly changed images; expected components with a generator, received none',
    );
  }
  if (model.changeFeatures) {
    return { imagesNCHW: model.changeFeatures(imagesNCHW, generator), mix: (map) => map };
  }
  return strongView(imagesNCHW, { generator, ...(normalization && { normalization }) });
}
