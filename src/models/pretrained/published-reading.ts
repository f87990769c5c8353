/**
 * Decides how a published network is read: by the config in its checkpoint, by options that a person gives, and where
 * neither says anything by what is usual. What was assumed is told, as a wrong assumption gives worse scores and no error.
 */

import type { OutputStride } from '../stages/stage-plan.js';
import { type PublishedConfig, readPublishedConfig } from './config/published-config.js';
import type { PublishedInference, PublishedNormalization } from './config/test-pipeline.js';
import type { CheckpointMeta } from './published-meta.js';

/**
 * States what leaves no trace in the tensors of a network, for a checkpoint without a config, or against its config. What
 * is left out is as the checkpoint's config says, or else as is usual.
 */
export interface PublishedOptions {
  /** Output stride of the backbone; 8 where nothing says otherwise. */
  readonly outputStride?: OutputStride;
  /** Dilations of the four stages of the backbone; by default those of the output stride. */
  readonly dilations?: readonly number[];
  /** Halves the dilation of the first block of a dilated stage; true where nothing says otherwise. */
  readonly contractDilation?: boolean;
  /** Convolution that halves the size in a block of three; `pytorch` where nothing says otherwise. */
  readonly style?: 'pytorch' | 'caffe';
  /** Dilations of DeepLabv3+'s pyramid, without the first, which is 1; by default those usual at the output stride. */
  readonly asppDilations?: readonly number[];
  /** Aligns corners where maps are resized; false where nothing says otherwise. */
  readonly alignCorners?: boolean;
  /** Mean and deviation of the channels, in the order of `channelOrder`; ImageNet's where nothing says otherwise. */
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  /** Order in which the network reads the colors; `rgb` where nothing says otherwise. */
  readonly channelOrder?: 'rgb' | 'bgr';
  /** Leaves the checkpoint's config unread, for one with keys that are not supported. */
  readonly ignoreConfig?: boolean;
  /** Receives a line about each thing that was assumed, or removed from the names. */
  readonly onNotice?: (notice: string) => void;
}

/** Holds how a published network is read. */
export interface PublishedReading {
  readonly backbone: Readonly<Record<string, unknown>> & { readonly outputStride: OutputStride };
  readonly head: Readonly<Record<string, unknown>>;
  readonly alignCorners: boolean;
  readonly normalization: PublishedNormalization;
  /** Null when the checkpoint has no config. */
  readonly inference: PublishedInference | null;
  readonly reduceZeroLabel: boolean;
  /** Says what was assumed in one sentence; null when nothing was. */
  readonly assumption: string | null;
}

const imageNet: PublishedNormalization = {
  mean: [123.675, 116.28, 103.53],
  std: [58.395, 57.12, 57.375],
  channelOrder: 'rgb',
};

/**
 * Returns how a network is read.
 *
 * @throws {CheckpointError} when the checkpoint's config cannot be read, or says something that is not supported
 */
export function publishedReading(
  meta: CheckpointMeta,
  {
    path,
    backboneKind,
    ...options
  }: PublishedOptions & { readonly path: string; readonly backboneKind: string },
): PublishedReading {
  const config = options.ignoreConfig ? null : readPublishedConfig(meta, path);
  const { outputStride, dilations, contractDilation, style, asppDilations } = options;
  const known = config?.model.backbone ?? { outputStride: 8 as const };
  // Dilations belong to an output stride, so another one brings its own.
  const { dilations: _, ...withoutDilations } = known as typeof known & { readonly dilations?: unknown };
  return {
    backbone: {
      ...(outputStride === undefined ? known : withoutDilations),
      ...(outputStride !== undefined && { outputStride }),
      ...(dilations !== undefined && { dilations }),
      ...(contractDilation !== undefined && { contractDilation }),
      ...(style !== undefined && { style }),
    },
    head: { ...config?.model.head, ...(asppDilations !== undefined && { dilations: asppDilations }) },
    alignCorners: options.alignCorners ?? config?.model.alignCorners ?? false,
    normalization: normalizationOf(config, options),
    inference: config?.inference ?? null,
    reduceZeroLabel: config?.reduceZeroLabel ?? false,
    assumption: assumptionOf(config, { backboneKind, ...options }),
  };
}

function normalizationOf(
  config: PublishedConfig | null,
  { mean, std, channelOrder }: PublishedOptions,
): PublishedNormalization {
  const known = config?.normalization ?? imageNet;
  return {
    mean: mean ?? known.mean,
    std: std ?? known.std,
    channelOrder: channelOrder ?? known.channelOrder,
  };
}

/** Says what was assumed of a checkpoint that says nothing of it, with the options that state something else. */
function assumptionOf(
  config: PublishedConfig | null,
  options: PublishedOptions & { readonly backboneKind: string },
): string | null {
  const { outputStride, alignCorners, asppDilations, contractDilation, style } = options;
  const isResidual = options.backboneKind.startsWith('resn');
  const normalized = options.mean !== undefined && options.std !== undefined;
  const unknown =
    config === null
      ? [
          outputStride === undefined ? 'output stride 8 (--output-stride)' : '',
          asppDilations === undefined ? 'the usual dilations of its pyramid (--aspp-dilations)' : '',
          isResidual && contractDilation === undefined
            ? 'half the dilation in the first block of a stage (--no-contract-dilation)'
            : '',
          isResidual && style === undefined ? "blocks of PyTorch's style (--style)" : '',
          alignCorners === undefined ? 'corners that are not aligned (--align-corners)' : '',
        ]
      : [];
  const images =
    normalized || (config !== null && config.normalization !== null)
      ? ''
      : "ImageNet's mean and deviation of red, green and blue (--mean, --std, --bgr)";
  const assumed = [...unknown, images].filter((text) => text !== '');
  if (assumed.length === 0) return null;
  const lacks = config === null ? 'has no config that is read' : 'its config says nothing of the images';
  return `${lacks}, so these were assumed: ${assumed.join('; ')}`;
}
