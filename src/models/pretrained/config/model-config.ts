/**
 * Reads the `model` section of an mmsegmentation config: what leaves no trace in the tensors, and changes what they
 * compute. Defaults are those of mmsegmentation 0.11, and what is not supported is refused by its name.
 */

import { CheckpointError } from '../../../errors/index.js';
import { asppDilations } from '../../aspp-dilations.js';
import { type OutputStride, plannedDilations, strideOf } from '../../stages/stage-plan.js';
import { type ConfigSection, pythonText } from './config-section.js';
import { readMobileNet } from './mobilenet-config.js';

/** Holds options for the `model` section of a config of this package; what is absent has its default. */
export interface ModelConfig {
  readonly backbone: Readonly<Record<string, unknown>> & { readonly outputStride: OutputStride };
  readonly head: Readonly<Record<string, unknown>>;
  readonly alignCorners: boolean;
}

// Keys of every module that say how it is trained, stored or computed, and not what.
const untouched = ['pretrained', 'init_cfg', 'train_cfg', 'with_cp', 'frozen_stages', 'zero_init_residual'];
const training = ['loss_decode', 'ignore_index', 'sampler', 'init_cfg', 'dropout_ratio'];

// The one supported value of keys of a backbone that change what it computes.
const supportedBackbone = {
  in_channels: 3,
  base_channels: 64,
  num_stages: 4,
  out_indices: [0, 1, 2, 3],
  conv_cfg: null,
  dcn: null,
  plugins: null,
  multi_grid: null,
  groups: 1,
  radix: 2,
  reduction_factor: 4,
  avg_down_stride: true,
};

/**
 * Returns what the section says about the network.
 *
 * @throws {CheckpointError} naming a key and value that are not supported
 */
export function readModelConfig(model: ConfigSection): ModelConfig {
  model.ignore('data_preprocessor', 'test_cfg', 'auxiliary_head', ...untouched);
  model.expectOneOf('type', 'EncoderDecoder', 'CascadeEncoderDecoder');
  model.expectOneOf('neck', null);
  model.expectOneOf('num_stages', 2);
  const backbone = model.section('backbone');
  const heads = model.sections('decode_head');
  model.finish();
  const head = heads.at(-1);
  if (backbone === null || head === undefined) {
    throw new CheckpointError(`${model.path}: its config has no ${model.name}.backbone or decode_head`);
  }
  for (const region of heads.slice(0, -1)) readRegionHead(region);
  const options = readBackbone(backbone);
  return { backbone: options, ...readHead(head, options) };
}

function readBackbone(section: ConfigSection): ModelConfig['backbone'] {
  section.expectOneOf('type', 'ResNet', 'ResNetV1c', 'ResNeSt', 'MobileNetV2');
  section.ignore(...untouched);
  readNorm(section);
  const isMobileNet = section.value('type') === 'MobileNetV2';
  const options = isMobileNet ? readMobileNet(section) : readResidualBackbone(section);
  const normEval = section.boolean('norm_eval', false);
  section.finish();
  return { ...options, ...(normEval ? { normEval } : {}) };
}

function readResidualBackbone(section: ConfigSection): ModelConfig['backbone'] {
  section.ignore('depth', 'stem_channels', 'deep_stem', 'base_width', 'stage_with_dcn');
  for (const [key, value] of Object.entries(supportedBackbone)) section.expectOneOf(key, value);
  section.expectOneOf('style', 'pytorch', 'caffe');
  // ResNeSts always pool in their shortcuts; this key decides about others.
  section.expectOneOf('avg_down', section.value('type') === 'ResNeSt');
  const strides = section.numbers('strides', [1, 2, 2, 2]);
  const dilations = section.numbers('dilations', [1, 1, 1, 1]);
  const outputStride = strideOf(strides);
  if (outputStride === null) {
    const product = strides.reduce((whole, stride) => whole * stride, 4);
    throw new CheckpointError(
      `${section.path}: has an output stride of ${product} (${section.name}.strides=${pythonText(strides)}); expected 8, 16 or 32`,
    );
  }
  const planned = String(dilations) === String(plannedDilations(outputStride));
  if (dilations.length !== 4 || !dilations.every((one) => Number.isInteger(one) && one > 0)) {
    throw section.refusal('dilations', 'four whole numbers');
  }
  const contracts = section.boolean('contract_dilation', false) || Math.max(...dilations) === 1;
  const caffe = section.value('style') === 'caffe';
  return {
    outputStride,
    ...(planned ? {} : { dilations }),
    ...(contracts ? {} : { contractDilation: false }),
    ...(caffe ? { style: 'caffe' } : {}),
  };
}

function readHead(
  section: ConfigSection,
  { outputStride }: { readonly outputStride: OutputStride },
): Pick<ModelConfig, 'head' | 'alignCorners'> {
  section.expectOneOf('type', 'DepthwiseSeparableASPPHead', 'OCRHead');
  section.expectOneOf('in_index', 3, -1);
  readCommonHead(section);
  const alignCorners = section.boolean('align_corners', false);
  if (section.value('type') === 'OCRHead') {
    section.ignore('ocr_channels');
    section.expectOneOf('scale', 1);
    section.finish();
    return { head: {}, alignCorners };
  }
  section.ignore('c1_in_channels', 'c1_channels');
  const [first, ...dilations] = section.numbers('dilations', [1, 6, 12, 18]);
  // A dilation of 1 is a 1×1 convolution, which stands first in every published config.
  if (first !== 1 || dilations.length === 0 || !dilations.every((one) => Number.isInteger(one) && one > 1)) {
    throw section.refusal('dilations', '1, then whole numbers above 1');
  }
  section.finish();
  const usual = String(dilations) === String(asppDilations(outputStride));
  return { head: usual ? {} : { dilations }, alignCorners };
}

/** Reads OCR's first classifier. */
function readRegionHead(section: ConfigSection): void {
  section.expectOneOf('type', 'FCNHead');
  section.expectOneOf('in_index', 2, -2);
  section.expectOneOf('num_convs', 1);
  section.expectOneOf('concat_input', false);
  section.expectOneOf('kernel_size', 3);
  section.expectOneOf('dilation', 1);
  section.ignore('align_corners');
  readCommonHead(section);
  section.finish();
}

/** Reads what all heads have. Sizes are those of the tensors, which are checked one by one. */
function readCommonHead(section: ConfigSection): void {
  section.ignore(...training, 'in_channels', 'channels', 'num_classes', 'out_channels');
  section.expectOneOf('input_transform', null);
  section.expectOneOf('conv_cfg', null);
  section.expectOneOf('threshold', null);
  const activation = section.section('act_cfg');
  activation?.expectOneOf('type', 'ReLU');
  activation?.ignore('inplace');
  activation?.finish();
  readNorm(section);
}

/** Checks that normalization is over batches, with PyTorch's epsilon. */
function readNorm(section: ConfigSection): void {
  const norm = section.section('norm_cfg');
  norm?.expectOneOf('type', 'BN', 'BN2d', 'SyncBN', 'MMSyncBN', 'naiveSyncBN');
  norm?.expectOneOf('eps', 1e-5);
  norm?.expectOneOf('track_running_stats', true);
  norm?.expectOneOf('affine', true);
  norm?.ignore('requires_grad', 'momentum');
  norm?.finish();
}
