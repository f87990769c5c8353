/**
 * The options that state what leaves no trace in the tensors of a published network, for a checkpoint without a config, or
 * against its config.
 */

import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Config, configSchema } from '../../config/index.js';
import { parseLayers } from '../../config/internal.js';
import type { LoadedPublishedModel } from '../../evaluation/index.js';
import type { PublishedOptions } from '../../models/index.js';
import { printNotice } from '../output/print-notice.js';

/** Holds the parsed options. */
export interface PublishedCommandOptions extends Omit<PublishedOptions, 'channelOrder' | 'onNotice'> {
  readonly bgr?: boolean;
}

/** Adds the options to a command. */
export function withPublishedOptions(command: Command): Command {
  return command
    .optionsGroup(
      'Options for published networks, where their checkpoint says nothing or is to be overruled:',
    )
    .addOption(
      new Option('--output-stride <number>', 'output stride of the backbone')
        .choices(['8', '16', '32'])
        .argParser((text) => {
          if (!['8', '16', '32'].includes(text)) throw new InvalidArgumentError('expected 8, 16 or 32.');
          return Number(text);
        }),
    )
    .option(
      '--dilations <list>',
      'dilations of the four stages of the backbone, such as 1,1,2,4',
      fourNumbers,
    )
    .option('--contract-dilation', 'half the dilation in the first block of a dilated stage')
    .option('--no-contract-dilation', 'the whole dilation in the first block of a dilated stage')
    .addOption(
      new Option('--style <name>', 'convolution of a block that halves the size').choices([
        'pytorch',
        'caffe',
      ]),
    )
    .option('--aspp-dilations <list>', "dilations of DeepLabv3+'s pyramid, such as 12,24,36", wholeNumbers)
    .option('--align-corners', 'align corners where maps are resized')
    .option('--no-align-corners', 'do not align corners where maps are resized')
    .option('--mean <list>', 'mean of the three channels on the scale from 0 to 255', threeNumbers)
    .option('--std <list>', 'standard deviation of the three channels', threeDeviations)
    .option('--bgr', 'the network reads blue, green and red, and --mean and --std are in this order')
    .option('--ignore-config', "leave the checkpoint's config unread")
    .optionsGroup('Options:');
}

/** Returns how a published network is to be read, with notices printed. */
export function publishedOptions(options: PublishedCommandOptions): PublishedOptions {
  const { outputStride, dilations, contractDilation, style, asppDilations, alignCorners, mean, std } =
    options;
  return {
    ...(outputStride !== undefined && { outputStride }),
    ...(dilations !== undefined && { dilations }),
    ...(contractDilation !== undefined && { contractDilation }),
    ...(style !== undefined && { style }),
    ...(asppDilations !== undefined && { asppDilations }),
    ...(alignCorners !== undefined && { alignCorners }),
    ...(mean !== undefined && { mean }),
    ...(std !== undefined && { std }),
    ...(options.bgr && { channelOrder: 'bgr' as const }),
    ...(options.ignoreConfig && { ignoreConfig: true }),
    onNotice: printNotice,
  };
}

/**
 * Returns the config with the images read as the published network was tested: its normalization, and its windows, size
 * and scales where the config leaves `inference` as it is by default.
 */
export function withPublishedReading(
  config: Config,
  { inference, normalization }: Pick<LoadedPublishedModel, 'inference' | 'normalization'>,
): Config {
  const { inference: defaults } = parseLayers(configSchema, [{ label: '', values: { data: { root: '.' } } }]);
  const untouched = JSON.stringify(config.inference) === JSON.stringify(defaults);
  const data = {
    ...config.data,
    normalization: { mean: [...normalization.mean], std: [...normalization.std] },
  };
  if (inference === null || !untouched) return { ...config, data };
  const { cropSize, stride, baseSize, scales, ...rest } = inference;
  return {
    ...config,
    data,
    inference: {
      ...config.inference,
      ...rest,
      cropSize: cropSize && [...cropSize],
      stride: stride && [...stride],
      baseSize: baseSize && [...baseSize],
      scales: [...scales],
    },
  };
}

/** Says in one line which network a checkpoint holds, and how it reads images. */
export function publishedText({ section, classCount }: LoadedPublishedModel, config: Config): string {
  const { kind, outputStride, style, contractDilation, dilations } = section.backbone;
  const { mode, cropSize, stride, baseSize, scales, flip } = config.inference;
  return [
    `${section.head.kind} on ${kind}`,
    `output stride ${outputStride}`,
    ...(dilations ? [`dilations ${(dilations as number[]).join(', ')}`] : []),
    ...(contractDilation === false ? ['dilations not contracted'] : []),
    ...(style === 'caffe' ? ['caffe style'] : []),
    ...(section.alignCorners ? ['corners aligned'] : []),
    `${classCount} classes`,
    mode === 'slide'
      ? `windows of ${cropSize?.join('×')} every ${stride?.join('×') ?? 'two thirds'} pixels`
      : 'whole images',
    ...(baseSize ? [`fitted into ${baseSize.join('×')}`] : []),
    ...(scales.length > 1 || scales[0] !== 1 ? [`scales ${scales.join(', ')}`] : []),
    ...(flip ? ['mirrored too'] : []),
  ].join(', ');
}

function numbers(text: string): number[] {
  return text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
}

function wholeNumbers(text: string): readonly number[] {
  const list = numbers(text);
  if (!list.every((one) => Number.isInteger(one) && one > 0)) {
    throw new InvalidArgumentError('expected whole numbers above 0, separated by commas.');
  }
  return list;
}

function fourNumbers(text: string): readonly number[] {
  const list = wholeNumbers(text);
  if (list.length !== 4) throw new InvalidArgumentError('expected four whole numbers, such as 1,1,2,4.');
  return list;
}

function threeNumbers(text: string): readonly number[] {
  const list = numbers(text);
  if (list.length !== 3 || !list.every(Number.isFinite)) {
    throw new InvalidArgumentError('expected three numbers, such as 123.675,116.28,103.53.');
  }
  return list;
}

function threeDeviations(text: string): readonly number[] {
  const list = threeNumbers(text);
  if (list.some((one) => one <= 0)) throw new InvalidArgumentError('expected numbers above 0.');
  return list;
}
