/** Computes what the moving average of the network predicts of a batch, where a part of the step reads it. */

import { ConfigError } from '../errors/index.js';
import { noGrad, type Tensor, tidy } from '../torch/index.js';
import { forwardMaps } from './forward-maps.js';
import type { StepBatch, TrainingComponents } from './training-components.js';

/** Configures `predictTeacher`. */
export interface TeacherOptions {
  readonly precision: 'float32' | 'bfloat16';
  /** Predicts whole patches, where the images are patches of features. */
  readonly patches?: boolean;
}

/**
 * Returns the teacher's logits [N,C,h,w] for the images of a batch; null where no part of the step reads them. Losses of
 * regions that need pixels in their arrangement read those of the patches beside it, if there are any.
 * @throws {ConfigError} when a part reads them and there is no teacher
 */
export function teacherLogitsOf(
  components: TrainingComponents,
  { imagesNCHW, patches }: Pick<StepBatch, 'imagesNCHW' | 'patches'>,
  options: TeacherOptions,
): Tensor | null {
  const { teacher, reweighter, correction, regionLosses = [] } = components;
  const isRead =
    (correction && teacher) ||
    reweighter?.needs?.includes('agreementNHW') ||
    regionLosses.some(
      ({ needs = [] }) => needs.includes('teacher') && !(patches && needs.includes('layout')),
    );
  return isRead ? predictTeacher(components, imagesNCHW, options) : null;
}

/**
 * Returns the teacher's logits [N,C,h,w] for images, without gradient, at the resolution of the network's own.
 * @throws {ConfigError} when there is no teacher
 */
export function predictTeacher(
  { teacher }: Pick<TrainingComponents, 'teacher'>,
  imagesNCHW: Tensor,
  options: TeacherOptions,
): Tensor {
  if (!teacher) {
    throw new ConfigError(
      'teacher: a part of the training reads what the average of the network predicts, and teacher is null; ' +
        'set teacher: { momentum: 0.99 }',
    );
  }
  return tidy(() => noGrad(() => forwardMaps(teacher, imagesNCHW, options).logitsNCHW));
}
