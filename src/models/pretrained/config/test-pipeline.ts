/**
 * Reads from an mmsegmentation config what happens to an image before the network, and how the network reads it:
 * normalization, size, windows, scales and mirror images. Both forms are read: `data.test.pipeline` of 0.x, and
 * `data_preprocessor` with `test_pipeline` of 1.x.
 */

import type { ConfigSection } from './config-section.js';
import type { PythonValue } from './python-values.js';

/** Holds mean and standard deviation of the channels, on the scale from 0 to 255. */
export interface PublishedNormalization {
  /** In the order of `channelOrder`. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Order in which the network of the file reads the colors. */
  readonly channelOrder: 'rgb' | 'bgr';
}

/** Holds keys of the `inference` section of a config of this package. */
export interface PublishedInference {
  readonly mode: 'whole' | 'slide';
  /** [height, width]; null for whole images. */
  readonly cropSize: readonly [number, number] | null;
  readonly stride: readonly [number, number] | null;
  /** [width, height]; null when images keep their size. */
  readonly baseSize: readonly [number, number] | null;
  readonly scales: readonly number[];
  readonly flip: boolean;
}

/** Holds what a config says of the images. */
export interface TestPipeline {
  /** Null when the config says nothing of it. */
  readonly normalization: PublishedNormalization | null;
  readonly inference: PublishedInference;
  /** True when value 0 of a label file was ignored in training, and value 1 was the first class. */
  readonly reduceZeroLabel: boolean;
}

/** Datasets of mmsegmentation whose definition sets `reduce_zero_label`. */
const reducedDatasets = new Set([
  'ADE20KDataset',
  'PascalContextDataset59',
  'LoveDADataset',
  'PotsdamDataset',
  'ISPRSDataset',
]);

/**
 * Returns what a config says of the images.
 *
 * @throws {CheckpointError} naming a key and value that are not supported
 */
export function readTestPipeline(config: ConfigSection): TestPipeline {
  const transforms = flatten(pipelineOf(config));
  const steps = transforms.map((step) => readTransform(step));
  const preprocessor =
    config.section('model')?.section('data_preprocessor') ?? config.section('data_preprocessor');
  const size = steps.find((step) => step.baseSize !== undefined)?.baseSize ?? null;
  return {
    normalization:
      steps.find((step) => step.normalization !== undefined)?.normalization ??
      (preprocessor === null ? null : readPreprocessor(preprocessor)) ??
      namedNormalization(config),
    inference: {
      ...readTestMode(config),
      baseSize: size,
      scales: steps.find((step) => step.scales !== undefined)?.scales ?? [1],
      flip: steps.some((step) => step.flip === true),
    },
    reduceZeroLabel: reducesZeroLabel(config),
  };
}

interface Step {
  readonly normalization?: PublishedNormalization;
  readonly baseSize?: readonly [number, number];
  readonly scales?: readonly number[];
  readonly flip?: boolean;
}

/** Returns the list of transforms of testing; empty when the config has none. */
function pipelineOf(config: ConfigSection): readonly ConfigSection[] {
  const places = [
    config.section('data')?.sections('test')[0],
    config.section('test_dataloader')?.section('dataset'),
  ];
  for (const place of places) if (place?.has('pipeline')) return place.sections('pipeline');
  return config.sections('test_pipeline');
}

/** Puts the transforms inside of others after them. */
function flatten(steps: readonly ConfigSection[]): readonly ConfigSection[] {
  return steps.flatMap((step) =>
    step.has('transforms') ? [step, ...flatten(step.sections('transforms'))] : [step],
  );
}

const withoutEffect = new Set([
  ...[
    'LoadAnnotations',
    'ImageToTensor',
    'DefaultFormatBundle',
    'ToTensor',
    'Collect',
    'PackSegInputs',
    'RandomFlip',
  ],
]);

function readTransform(step: ConfigSection): Step {
  const type = step.value('type');
  if (typeof type === 'string' && withoutEffect.has(type)) return {};
  switch (type) {
    case 'LoadImageFromFile':
      step.expectOneOf('color_type', 'color');
      return {};
    case 'MultiScaleFlipAug': {
      const flip = step.boolean('flip', false);
      step.expectOneOf('flip_direction', 'horizontal', ['horizontal']);
      const ratios = step.value('img_ratios');
      const scales = typeof ratios === 'number' ? [ratios] : step.numbers('img_ratios', null);
      return { ...sizeOf(step, 'img_scale'), flip, ...(scales === null ? {} : { scales }) };
    }
    case 'Resize':
      // Without a size it takes that of MultiScaleFlipAug.
      step.expectOneOf('keep_ratio', true);
      step.expectOneOf('multiscale_mode', 'range');
      step.expectOneOf('ratio_range', null);
      return sizeOf(step, step.has('scale') ? 'scale' : 'img_scale');
    case 'Normalize': {
      const { mean, std } = meanAndDeviation(step);
      return { normalization: { mean, std, channelOrder: step.boolean('to_rgb', true) ? 'rgb' : 'bgr' } };
    }
    default:
      throw step.refusal('type', 'loading, Resize with keep_ratio, RandomFlip, Normalize and packing');
  }
}

function sizeOf(step: ConfigSection, key: string): Step {
  const size = step.numbers(key, null);
  if (size === null) return {};
  const [width, height] = size;
  if (size.length !== 2 || width === undefined || height === undefined)
    throw step.refusal(key, '(width, height)');
  // mmcv takes the longer number for the longer side of the image, as `inference.baseSize` does.
  return { baseSize: [width, height] };
}

function readPreprocessor(section: ConfigSection): PublishedNormalization | null {
  section.expectOneOf('type', 'SegDataPreProcessor');
  section.ignore('size', 'size_divisor', 'pad_val', 'seg_pad_val', 'batch_augments', 'non_blocking');
  section.expectOneOf('test_cfg', null);
  section.expectOneOf('rgb_to_bgr', false);
  const order = section.boolean('bgr_to_rgb', false) ? 'rgb' : 'bgr';
  const given = section.has('mean') && section.value('mean') !== null;
  const values = given ? meanAndDeviation(section) : null;
  section.ignore('mean', 'std');
  section.finish();
  return values === null ? null : { ...values, channelOrder: order };
}

/** Reads `img_norm_cfg`, for configs whose pipeline is not in the text. */
function namedNormalization(config: ConfigSection): PublishedNormalization | null {
  const section = config.section('img_norm_cfg');
  if (section === null) return null;
  return { ...meanAndDeviation(section), channelOrder: section.boolean('to_rgb', true) ? 'rgb' : 'bgr' };
}

function meanAndDeviation(section: ConfigSection): Pick<PublishedNormalization, 'mean' | 'std'> {
  const mean = section.numbers('mean', null);
  const std = section.numbers('std', null);
  if (mean?.length !== 3) throw section.refusal('mean', 'three numbers');
  if (std?.length !== 3 || !std.every((one) => one > 0))
    throw section.refusal('std', 'three numbers above 0');
  return { mean, std };
}

function readTestMode(config: ConfigSection): Pick<PublishedInference, 'mode' | 'cropSize' | 'stride'> {
  // Before 0.12 it stood beside `model`; in 1.x that place is of the test loop, which has no mode.
  const outside = config.section('test_cfg');
  const section = config.section('model')?.section('test_cfg') ?? (outside?.has('mode') ? outside : null);
  section?.expectOneOf('mode', 'whole', 'slide');
  if (section?.value('mode') !== 'slide') {
    section?.ignore('crop_size', 'stride');
    section?.finish();
    return { mode: 'whole', cropSize: null, stride: null };
  }
  const cropSize = pair(section, 'crop_size');
  const stride = pair(section, 'stride');
  section.finish();
  return { mode: 'slide', cropSize, stride };
}

function pair(section: ConfigSection, key: string): readonly [number, number] {
  const [first, second, ...more] = section.numbers(key, null) ?? [];
  if (first === undefined || second === undefined || more.length > 0) {
    throw section.refusal(key, '(height, width)');
  }
  return [first, second];
}

function reducesZeroLabel(config: ConfigSection): boolean {
  const pending: PythonValue[] = [];
  for (const key of ['data', 'train_pipeline', 'test_pipeline', 'test_dataloader', 'train_dataloader']) {
    pending.push(config.value(key));
  }
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (Array.isArray(value)) pending.push(...value);
    if (!(value instanceof Map)) continue;
    if (value.get('reduce_zero_label') === true) return true;
    if (typeof value.get('type') === 'string' && reducedDatasets.has(value.get('type') as string))
      return true;
    pending.push(...value.values());
  }
  return false;
}
