/** `coarsely predict RUN INPUT…` labels images with a trained model. */

import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { ConfigError } from '../../../errors/index.js';
import type { PredictionSummary } from '../../../evaluation/index.js';
import { counted } from '../../../format/index.js';
import {
  type InferenceCommandOptions,
  withInferenceChanges,
  withInferenceOptions,
} from '../../options/inference-options.js';
import { fraction, usageError } from '../../options/parse-options.js';
import { type PublishedCommandOptions, withPublishedOptions } from '../../options/published-options.js';
import { printLeftOut } from '../../output/print-left-out.js';
import { printable } from '../../output/printable.js';
import { createProgressLine } from '../../output/progress-line.js';

const example = `
For every image OUT/labels/NAME.png holds the class of each pixel, and OUT/overlays/NAME.jpg shows the classes in color.

Example:
  $ coarsely predict runs/folder-arm photo.jpg another.png --out predictions
  $ coarsely predict runs/folder-arm my-images --out predictions --opacity 0.4
  $ coarsely predict --weights deeplabv3plus_r101.pth street.jpg --out predictions
  $ coarsely predict runs/cityscapes-coarse-arm cityscapes/leftImg8bit/test --out submission --format cityscapes`;

interface PredictCommandOptions extends InferenceCommandOptions, PublishedCommandOptions {
  readonly weights?: string;
  readonly out: string;
  readonly opacity: number;
  readonly overwrite?: boolean;
  readonly format?: string;
}

export function predictCommand(): Command {
  const command = new Command('predict')
    .description('label images with a trained model: a label PNG and a color overlay for each')
    .argument('[run]', "a run's folder; its last checkpoint is used. Left out with --weights")
    .argument('[input...]', 'images, or folders of images')
    .option('--weights <file>', 'a whole network of mmsegmentation (.pth or .safetensors) instead of a run')
    .requiredOption('--out <dir>', 'folder for the predictions')
    .option('--opacity <share>', 'share of class color in the overlay, 0 to 1', fraction, 0.55)
    .option('--format <kind>', "label PNGs in the format of a dataset's test server: cityscapes or ade20k")
    .option('--overwrite', 'replace predictions that exist');
  return withPublishedOptions(withInferenceOptions(command)).addHelpText('after', example).action(predict);
}

async function predict(
  first: string | undefined,
  others: readonly string[],
  options: PredictCommandOptions,
  command: Command,
): Promise<void> {
  const { weights } = options;
  const inputs = weights === undefined || first === undefined ? others : [first, ...others];
  if (weights === undefined && first === undefined) usageError(command, 'give a run, or --weights FILE');
  if (inputs.length === 0) usageError(command, 'give images, or folders of images');
  for (const input of inputs) {
    if (!existsSync(input)) throw new ConfigError(`predict: no file or folder ${input}`);
  }
  const { inferenceOptions, predictInputs } = await import('../../../evaluation/index.js');
  const { predictionSource } = await import('./prediction-source.js');
  const { predictionFormat } = await import('../../../data/internal.js');
  const { imageReadingOf } = await import('../../../config/internal.js');
  const { resolvePrecision } = await import('../../../torch/internal.js');
  const { useEngine } = await import('../../training/use-engine.js');
  using source = await predictionSource(first ?? '', options);
  const { model, classes } = source;
  const format = options.format === undefined ? null : predictionFormat(options.format, { classes });
  const config = withInferenceChanges(source.config, options);
  if (source.describe !== null) process.stderr.write(`${source.describe(config)}\n`);
  useEngine(config);
  const inference = inferenceOptions(config);
  const line = createProgressLine('predicting');
  const summary = await predictInputs(model, inputs, {
    output: options.out,
    classes,
    images: imageReadingOf(config.data),
    format,
    ...inference,
    overlayOpacity: options.opacity,
    overwrite: options.overwrite ?? false,
    onProgress: line.show,
  });
  line.close();
  const { device = 'cpu' } = inference;
  printSummary(summary, { out: options.out, precision: resolvePrecision(config.precision, device) });
}

/** Files above this number are counted, not named. */
const namedFiles = 20;

function printSummary(
  { written, skipped, others, severalPages, reducedOverlays }: PredictionSummary,
  { out, precision }: { readonly out: string; readonly precision: string },
): void {
  for (const { image, reason } of skipped) printLeftOut(`${image}: ${reason}`);
  for (const { image, pages } of severalPages) {
    process.stderr.write(`note: ${printable(image)} has ${pages} pages or frames; the first was predicted\n`);
  }
  for (const { overlay, width, height } of reducedOverlays) {
    process.stderr.write(
      `note: ${printable(overlay)} is reduced to ${width}×${height}; the labels have the size of the image\n`,
    );
  }
  if (others.length > 0) {
    const more = others.length > namedFiles ? `, and ${others.length - namedFiles} more` : '';
    const names = others.slice(0, namedFiles).join(', ');
    const files = counted(others.length, 'file is no image', 'files are no images');
    process.stderr.write(`note: ${files}: ${printable(names)}${more}\n`);
  }
  const predictions = counted(written.length, 'prediction');
  process.stdout.write(`wrote ${predictions} to ${out}/labels and ${out}/overlays (${precision})\n`);
}
