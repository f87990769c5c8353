/** Creates the network that the `model` section of a config describes. */

import { type ComponentSection, createComponent } from '../registry/index.js';
import { type Generator, tidy } from '../torch/index.js';
import { freeOnThrow } from '../torch/internal.js';
import { backbones } from './backbones.js';
import { type ExtraHeadChannels, ExtraHeads } from './extra-heads.js';
import { FcnHead } from './fcn-head.js';
import { heads } from './heads.js';
import { withWeightsFile } from './imagenet/fetch-weights.js';
import { type ImageNormalization, Segmentor } from './segmentor.js';

/** Describes a network, as the `model` section of a config does. */
export interface ModelSection {
  readonly backbone: ComponentSection;
  readonly head: ComponentSection;
  /** The auxiliary head; null builds none. A head that brings its own auxiliary classifier takes its place. */
  readonly auxiliary: { readonly channels: number } | null;
  /** Aligns the corners of maps that are resized; false by default. */
  readonly alignCorners?: boolean | undefined;
}

/** Configures `createSegmentor`. */
export interface CreateSegmentorOptions {
  readonly classCount: number;
  /** Channels of the images; 3 by default. */
  readonly imageChannels?: number;
  /** Channels of the predictions that the loss needs beside the classes, by name. */
  readonly extraHeads?: ExtraHeadChannels;
  /** Draws initial parameters, and dropout masks in training. The order of draws depends on the config alone. */
  readonly generator: Generator;
  /** Normalization that the network expects of its images; null, the default, leaves it to the caller. */
  readonly normalization?: ImageNormalization | null;
  /** Receives a line about what was assumed when weights were read. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/**
 * Returns a segmentor on the CPU, in float32 and in training mode.
 *
 * @throws {ConfigError} when a kind or option is unknown, or ImageNet weights were not fetched before
 * @throws {CheckpointError} when a weights file does not fit
 */
export function createSegmentor(
  { backbone: backboneSection, head: headSection, auxiliary: auxiliarySection, alignCorners }: ModelSection,
  {
    classCount,
    imageChannels = 3,
    extraHeads: extraHeadChannels = {},
    generator,
    normalization,
    onNotice,
  }: CreateSegmentorOptions,
): Segmentor {
  return freeOnThrow(() =>
    tidy(() => {
      const backbone = createComponent(backbones, withWeightsFile(backboneSection), {
        generator,
        imageChannels,
        ...(onNotice && { onNotice }),
      });
      const context = { backbone, classCount, generator, alignCorners };
      const head = createComponent(heads, headSection, context);
      const auxiliary =
        auxiliarySection === null || head.hasAuxiliary
          ? null
          : new FcnHead({ ...context, channels: auxiliarySection.channels });
      const extraHeads =
        Object.keys(extraHeadChannels).length === 0
          ? null
          : new ExtraHeads(head.channels, { heads: extraHeadChannels, generator });
      return new Segmentor({ backbone, head, auxiliary, extraHeads, alignCorners, normalization });
    }),
  );
}
