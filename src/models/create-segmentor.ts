/** From the `model` section of a config to a network with its first values. */
import { type ComponentSection, createComponent } from '../registry/index.js';
import { type Generator, tidy } from '../torch/index.js';
import { backbones } from './backbones.js';
import { type ExtraHeadChannels, ExtraHeads } from './extra-heads.js';
import { FcnHead } from './fcn-head.js';
import { heads } from './heads.js';
import { Segmentor } from './segmentor.js';

/** What a config says of the network. */
export interface ModelSection {
  readonly backbone: ComponentSection;
  readonly head: ComponentSection;
  /** Not built beside a head that brings an auxiliary classifier of its own. */
  readonly auxiliary: { readonly channels: number } | null;
}

export interface CreateSegmentorOptions {
  readonly classCount: number;
  /** Predictions beside the classes that the loss asks for. */
  readonly extraHeads?: ExtraHeadChannels;
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
  { classCount, extraHeads: extraHeadChannels = {}, generator }: CreateSegmentorOptions,
): Segmentor {
  return tidy(() => {
    const backbone = createComponent(backbones, backboneSection, { generator });
    const context = { backbone, classCount, generator };
    try {
      const head = createComponent(heads, headSection, context);
      const auxiliary =
        auxiliarySection === null || head.hasAuxiliary
          ? null
          : new FcnHead({ ...context, channels: auxiliarySection.channels });
      const extraHeads =
        Object.keys(extraHeadChannels).length === 0
          ? null
          : new ExtraHeads(head.channels, { heads: extraHeadChannels, generator });
      return new Segmentor({ backbone, head, auxiliary, extraHeads });
    } catch (error) {
      backbone.dispose();
      throw error;
    }
  });
}
