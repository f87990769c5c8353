export type {
  Backbone,
  BackboneComponent,
  BackboneContext,
  BackboneForwardOptions,
  Features,
} from './backbone.js';
export { backbones } from './backbones.js';
export { ConvNorm, type ConvNormOptions } from './conv-norm.js';
export { ConvNormRelu, type ConvNormReluOptions } from './conv-norm-relu.js';
export { type CreateSegmentorOptions, createSegmentor, type ModelSection } from './create-segmentor.js';
export { DeepLabV3Plus, type DeepLabV3PlusOptions } from './deeplab-v3-plus.js';
export { FcnHead, type FcnHeadOptions } from './fcn-head.js';
export { type FeatureTap, featureTaps } from './feature-taps.js';
export {
  type FoldableModel,
  type FoldableOutput,
  FoldedModel,
  type FoldOptions,
  foldBatchNorm,
} from './fold-batch-norm.js';
export type { Head, HeadComponent, HeadContext, HeadOutput, StackableHead } from './head.js';
export { heads } from './heads.js';
export { Hypercolumn, type HypercolumnOptions } from './hypercolumn.js';
export {
  type FetchWeightsOptions,
  fetchImageNetWeights,
  type WeightsProgress,
} from './imagenet/fetch-weights.js';
export type { ImageNetWeights } from './imagenet/find-weights.js';
export type { MobileNetKind } from './mobilenet/architectures.js';
export { MobileNet, type MobileNetOptions } from './mobilenet/mobilenet.js';
export { OcrHead, type OcrHeadOptions } from './ocr-head.js';
export type { PublishedInference } from './pretrained/config/test-pipeline.js';
export {
  type LoadBackboneWeightsOptions,
  type LoadedWeights,
  loadBackboneWeights,
} from './pretrained/load-backbone-weights.js';
export type { PublishedClass } from './pretrained/published-meta.js';
export type { PublishedOptions } from './pretrained/published-reading.js';
export {
  loadPublishedSegmentor,
  type PublishedSegmentor,
} from './pretrained/published-segmentor.js';
export { ResNeSt, type ResNeStDepth, type ResNeStOptions } from './resnest/resnest.js';
export { ResNet, type ResNetDepth, type ResNetOptions } from './resnet/resnet.js';
export type { ResNetStem } from './resnet/stem.js';
export {
  type ImageNormalization,
  Segmentor,
  type SegmentorOutput,
  type SegmentorParts,
} from './segmentor.js';
export { SeparableConv, type SeparableConvOptions } from './separable-conv.js';
export type { OutputStride } from './stages/stage-plan.js';
