/** Describes what is known of a backbone from the names and shapes of its tensors. */

import type { ComponentSection } from '../../registry/index.js';

/** Holds shapes by published name. */
export type PublishedShapes = ReadonlyMap<string, readonly number[]>;

/** Describes the backbone that names and shapes are of. */
export interface RecognizedBackbone {
  /** The `model.backbone` section, without options that leave no trace in tensors; null when it is not known here. */
  readonly section: ComponentSection | null;
  /** Names the backbone in messages: `resnet50 with torchvision's stem`, or the numbers of its blocks. */
  readonly text: string;
}
