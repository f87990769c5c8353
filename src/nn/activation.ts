/** Lists the activations that layers apply to their output, and computes those that the kernel of a layer leaves over. */
import { ops, type Tensor } from '../torch/index.js';

/**
 * Names an activation: `relu` is max(x, 0), `relu6` is min(max(x, 0), 6), and `hardswish` is x · relu6(x + 3) / 6
 * (Howard et al. 2019), a swish of straight lines.
 */
export type Activation = 'none' | 'relu' | 'relu6' | 'hardswish';

/**
 * Applies an activation that the kernel before it did not compute. The input is overwritten where its gradient does
 * not need it, so it must be the caller's own, and the result may be the same tensor.
 */
export function activate(map: Tensor, activation: Activation): Tensor {
  switch (activation) {
    case 'none':
      return map;
    case 'relu':
      return ops.relu_(map);
    case 'relu6':
      // libtorch 1.13 has no gradient of hardtanh in bfloat16 on the CPU.
      return map.requiresGrad && map.dtype === 'bfloat16' && map.device === 'cpu'
        ? map.clamp({ min: 0, max: 6 })
        : ops.hardtanh_(map, { minVal: 0, maxVal: 6 });
    case 'hardswish':
      return ops.hardswish(map);
  }
}
