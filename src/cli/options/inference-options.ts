/** Adds the options that change how a trained network reads an image to every command that uses one. */

import { type Command, InvalidArgumentError } from 'commander';
import type { Config } from '../../config/index.js';
import { testScales } from '../../recipes/internal.js';
import { imageSize } from './parse-options.js';

export interface InferenceCommandOptions {
  readonly slide?: boolean;
  readonly window?: { readonly width: number; readonly height: number };
  /** Resizes images to the config's base size; `--no-base-size` reads every image at its own size. */
  readonly baseSize?: { readonly width: number; readonly height: number } | false;
  readonly scales?: readonly number[];
  readonly flip?: boolean;
  readonly tta?: boolean;
  /** Measures edges too; exists only on commands that have labels to compare with. */
  readonly boundary?: boolean;
}

/** Adds the options to a command; an option that is left out keeps the value of the run's config. */
export function withInferenceOptions(command: Command): Command {
  return command
    .option('--slide', 'read by overlapping windows of the training crop, logits averaged')
    .option('--no-slide', 'read whole images at once')
    .option('--window <size>', 'WIDTHxHEIGHT of the windows, in place of the training crop', imageSize)
    .option('--base-size <size>', 'WIDTHxHEIGHT that images are fitted into, aspect kept', imageSize)
    .option('--no-base-size', 'read images at their own size')
    .option('--scales <list>', 'average over these sizes of the image, such as 0.5,0.75,1', scaleList)
    .option('--flip', 'average over the mirror image too')
    .option('--no-flip', 'leave out the mirror image')
    .option('--tta', 'test-time augmentation: scales 0.5 to 2 by 0.25, and the mirror image');
}

/** Returns the config with the changes of the options. */
export function withInferenceChanges(config: Config, options: InferenceCommandOptions): Config {
  const { slide, window, baseSize, tta = false, boundary } = options;
  const scales = options.scales ?? (tta ? testScales : undefined);
  const flip = options.flip ?? (tta ? true : undefined);
  return {
    ...config,
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
    throw new InvalidArgumentError('expected numbers above 0 and up to 8 with commas, such as 0.5,1,2.');
  }
  return scales;
}
