/** Computes what the moving average of the network predicts of a batch, where a part of the step reads it. */

import { ConfigError } from '../errors/index.js';
import { autocast, noGrad, type Tensor, tidy } from '../torch/index.js';
import type { TrainingComponents } from './training-components.js';

/** Returns whether a part of a step reads the predictions of the teacher. */
export function readsTeacher({ reweighter }: Pick<TrainingComponents, 'reweighter'>): boolean {
  return reweighter?.needs?.includes('agreementNHW') ?? false;
}

/**
 * Returns the teacher's logits [N,C,h,w] for images, without gradient, at the resolution of the network's own; null where no
 * part of the step reads them.
 * @throws {ConfigError} when a part reads them and there is no teacher
 */
export function teacherLogitsOf(
  components: TrainingComponents,
  imagesNCHW: Tensor,
  { precision }: { readonly precision: 'float32' | 'bfloat16' },
): Tensor | null {
  if (!readsTeacher(components)) return null;
  const { teacher } = components;
  if (!teacher) {
    throw new ConfigError(
      'teacher: a part of the training compares labels with the average of the network, and teacher is null; ' +
        'set teacher: { momentum: 0.99 }',
    );
  }
  const compute = () => (teacher.forwardLogits?.(imagesNCHW) ?? teacher.forward(imagesNCHW)).logitsNCHW;
  return tidy(() =>
    noGrad(() =>
      precision === 'float32'
        ? compute()
        : autocast({ device: imagesNCHW.device, dtype: 'bfloat16' }, compute),
    ),
  );
}
