/** From the `model` section of a config to a network with its first values. */
import { type ComponentSection, createComponent } from '../registry/index.js';
import { type Generator, tidy } from '../torch/index.js';
import { backbones } from './backbones.js';
import { FcnHead } from './fcn-head.js';
import { heads } from './heads.js';
import { Segmentor } from './segmentor.js';

/** What a config says of the network. */
export interface ModelSection {
  readonly backbone: ComponentSection;
  readonly head: ComponentSection;
  readonly auxiliary: { readonly channels: number } | null;
}

export interface CreateSegmentorOptions {
  readonly classCount: number;
  /** Source of all first values, and of dropout masks in training. The order of draws depends on the config alone. */
  readonly generator: Generator;
}

/**
 * A segmentor on the CPU, in float32 and in training mode.
 *
 * @throws ConfigError for unknown kinds or options, CheckpointError for weights that do not fit
 */
export function createSegmentor(
  { backbone: backboneSection, head: headSection, auxiliary: auxiliarySection }: ModelSection,
  { classCount, generator }: CreateSegmentorOptions,
): Segmentor {
  return tidy(() => {
    const backbone = createComponent(backbones, backboneSection, { generator });
    const context = { backbone, classCount, generator };
    try {
      const head = createComponent(heads, headSection, context);
      const auxiliary =
        auxiliarySection === null ? null : new FcnHead({ ...context, channels: auxiliarySection.channels });
      return new Segmentor({ backbone, head, auxiliary });
    } catch (error) {
      backbone.dispose();
      throw error;
    }
  });
}
