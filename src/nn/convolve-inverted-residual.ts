/**
 * Runs the three convolutions of an inverted residual block with their normalizations: layer by layer in training, one
 * operator in inference on the CPU (native/kernels/inverted_residual.cc).
 */
import { type Tensor, tidy } from '../torch/index.js';
import { selectKernel } from '../torch/internal.js';
import { convolveNormalized, type NormalizedConvolution } from './convolve-normalized.js';
import type { Epilogue } from './epilogue.js';
import { foldedConvolutions } from './folded-convolutions.js';

/** Holds the layers of an inverted residual block. */
export interface InvertedResidualLayers {
  /** Is a 1×1 convolution to more channels, or null where the block filters its input's own channels. */
  readonly expand: NormalizedConvolution | null;
  /** Has one filter for each channel. */
  readonly depthwise: NormalizedConvolution;
  /** Is a 1×1 convolution, which no activation follows. */
  readonly project: NormalizedConvolution;
}

/**
 * Returns project(activation(depthwise(activation(expand(input))))) + residual.
 *
 * @param inputNCHW [N, in, H, W]
 * @returns [N, out, H', W']
 */
export function convolveInvertedResidual(
  { expand, depthwise, project }: InvertedResidualLayers,
  inputNCHW: Tensor,
  { residual = null, activation = 'none' }: Epilogue = {},
): Tensor {
  const folded =
    depthwise.bn.training || project.bn.training || expand?.bn.training ? null : foldedConvolutions();
  const layerByLayer = () =>
    tidy(() => {
      // The maps between the layers are freed as soon as the next layer has read them.
      const filtered = tidy(() => {
        const expanded = expand === null ? inputNCHW : convolveNormalized(expand, inputNCHW, { activation });
        return convolveNormalized(depthwise, expanded, { activation });
      });
      return convolveNormalized(project, filtered, { residual });
    });
  return selectKernel('invertedResidual', {
    inputs: [inputNCHW],
    when: folded !== null,
    fused: () =>
      folded?.convolveBlock({ expand, depthwise, project }, inputNCHW, { residual, activation }) ??
      layerByLayer(),
    stock: layerByLayer,
  });
}
