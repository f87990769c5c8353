/** Declares the options that change how a trained network reads an image, the same for every command that uses one. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Config } from '../../config/index.js';
import { testScales } from '../../recipes/internal.js';
import { imageSize } from './parse-options.js';

/** Holds the parsed options; what is left out stays as the run's config has it. */
export interface InferenceCommandOptions {
  readonly slide?: boolean;
  readonly window?: { readonly width: number; readonly height: number };
  /** False reads every image at its own size. */
  readonly baseSize?: { readonly width: number; readonly height: number } | false;
  readonly scales?: readonly number[];
  readonly flip?: boolean;
  readonly tta?: boolean;
  readonly precision?: Config['precision'];
  readonly imageRange?: readonly [number, number];
  /** Only of commands that compare with labels. */
  readonly boundary?: boolean;
}

/** Adds the options to a command. */
export function withInferenceOptions(command: Command): Command {
  return command
    .option('--slide', 'read in overlapping windows of the training crop and average their logits')
    .option('--no-slide', 'read whole images at once')
    .option('--window <size>', 'WIDTHxHEIGHT of the windows, instead of the training crop', imageSize)
    .option(
      '--base-size <size>',
      'WIDTHxHEIGHT that images are fitted into, keeping their aspect ratio',
      imageSize,
    )
    .option('--no-base-size', 'read images at their own size')
    .option('--scales <list>', 'average over these sizes of the image, such as 0.5,0.75,1', scaleList)
    .option('--flip', 'average over the mirror image too')
    .option('--no-flip', 'do not use the mirror image')
    .option('--tta', 'test-time augmentation: scales from 0.5 to 2 in steps of 0.25, and the mirror image')
    .addOption(
      new Option('--precision <type>', 'the type in which the network computes').choices([
        'auto',
        'float32',
        'bfloat16',
      ]),
    )
    .option(
      '--image-range <range>',
      'LOW,HIGH: values that are black and white in images of more than 8 bits',
      valueRange,
    );
}

/** Returns the config with the changes that the options make. */
export function withInferenceChanges(config: Config, options: InferenceCommandOptions): Config {
  const { slide, window, baseSize, tta = false, boundary, precision, imageRange } = options;
  const scales = options.scales ?? (tta ? testScales : undefined);
  const flip = options.flip ?? (tta ? true : undefined);
  return {
    ...config,
    ...(precision && { precision }),
    ...(imageRange && { data: { ...config.data, imageRange: [...imageRange] } }),
    inference: {
      ...config.inference,
      ...(slide !== undefined && { mode: slide ? 'slide' : 'whole' }),
      ...(window && { mode: 'slide', cropSize: [window.height, window.width], stride: null }),
      ...(baseSize !== undefined && { baseSize: baseSize ? [baseSize.width, baseSize.height] : null }),
      ...(scales && { scales: [...scales] }),
      ...(flip !== undefined && { flip }),
      ...(boundary && { boundary }),
    },
  };
}

function scaleList(text: string): readonly number[] {
  const scales = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (!scales.every((scale) => scale > 0 && scale <= 8)) {
    throw new InvalidArgumentError(
      'expected numbers above 0 and up to 8, separated by commas, such as 0.5,1,2.',
    );
  }
  return scales;
}

function valueRange(text: string): readonly [number, number] {
  const [low, high, ...more] = text
    .split(',')
    .map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (low === undefined || high === undefined || more.length > 0 || !(low < high)) {
    throw new InvalidArgumentError('expected two numbers, the lower one first, such as 0,4095.');
  }
  return [low, high];
}
