/** Reads the backbone `MobileNetV2` of an mmsegmentation config, which gives a stride and a dilation to each of seven layers. */

import type { OutputStride } from '../../stages/stage-plan.js';
import { plannedDilations } from '../../stages/stage-plan.js';
import type { ConfigSection } from './config-section.js';

/** Strides of the seven layers at each output stride; layers 2 and 3, 4 and 5, 6 and 7 end at a size. */
const knownStrides: readonly (readonly [OutputStride, readonly number[]])[] = [
  [8, [1, 2, 2, 1, 1, 1, 1]],
  [16, [1, 2, 2, 2, 1, 1, 1]],
  [32, [1, 2, 2, 2, 1, 2, 1]],
];

/**
 * Returns the options of the backbone that the section describes. Keys that all backbones have are read by the caller.
 *
 * @throws {CheckpointError} naming a key and value that are not supported
 */
export function readMobileNet(section: ConfigSection): {
  readonly outputStride: OutputStride;
  readonly dilations?: readonly number[];
} {
  // The width is that of the tensors, whose shapes are checked one by one.
  section.ignore('widen_factor');
  section.expectOneOf('out_indices', [1, 2, 4, 6]);
  section.expectOneOf('conv_cfg', null);
  const activation = section.section('act_cfg');
  activation?.expectOneOf('type', 'ReLU6');
  activation?.ignore('inplace');
  activation?.finish();
  const strides = section.numbers('strides', [1, 2, 2, 2, 1, 2, 1]);
  const [outputStride] = knownStrides.find(([, known]) => String(known) === String(strides)) ?? [];
  if (outputStride === undefined) {
    throw section.refusal('strides', knownStrides.map(([, known]) => `(${known.join(', ')})`).join(' or '));
  }
  const dilations = section.numbers('dilations', [1, 1, 1, 1, 1, 1, 1]);
  const [layer1, stage1 = 0, stage2 = 0, stage3 = 0, layer5, stage4 = 0, layer7, ...more] = dilations;
  const ofStages = [stage1, stage2, stage3, stage4];
  const isOneAStage = layer1 === 1 && layer5 === stage3 && layer7 === stage4 && more.length === 0;
  if (!isOneAStage || !ofStages.every((one) => Number.isInteger(one) && one > 0)) {
    throw section.refusal(
      'dilations',
      'seven whole numbers, the first 1, the fourth and fifth alike, and the last two',
    );
  }
  const isPlanned = String(ofStages) === String(plannedDilations(outputStride));
  return { outputStride, ...(isPlanned ? {} : { dilations: ofStages }) };
}
