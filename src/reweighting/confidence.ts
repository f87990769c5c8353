/**
 * Confidence: how sure the network is of a pixel, whatever its label says (paper, section 3.2). An indicator is any map
 * of the logits to [−1, 1] with +1 the most confident; a config names one, and a user may register another.
 */

import { z } from 'zod';
import { OperationError } from '../errors/index.js';
import type { FusedConfidence } from '../losses/index.js';
import { type Component, defineComponent } from '../registry/index.js';
import { autocast, noGrad, type Tensor } from '../torch/index.js';

export interface ConfidenceOptions {
  /** What heads beside the classifier predict, by name. */
  readonly extraHeads?: Readonly<Record<string, Tensor>>;
  /**
   * Whether no gradient flows back into the logits. Without it the network finds that a surer wrong answer weighs
   * less, and learns that instead of the classes (Table 1).
   */
  readonly detach?: boolean;
}

/** logits [N,C,H,W] to confidence v̂ [N,H,W], float32 in [−1, 1], without gradient unless `detach` is false. */
export interface Confidence {
  (logitsNCHW: Tensor, options?: ConfidenceOptions): Tensor;
  /** What the fused pass (`fusedPixelLoss`) knows it by, which gives it detached; absent where it cannot. */
  readonly fused?: FusedConfidence;
}

export interface ConfidenceContext {
  readonly classCount: number;
}

/** An indicator that a config can name, and the extra heads that it reads. */
export interface ConfidenceComponent<Options = unknown>
  extends Component<Options, ConfidenceContext, Confidence> {
  readonly needs?: readonly string[];
}

const options = z.strictObject({
  detach: z
    .boolean()
    .default(true)
    .describe(
      'Cuts the gradient. `false` lets the gradient of the weights reach the network, which ' +
        'then changes its confidence instead of its mistakes (Table 1).',
    ),
});

/** Defines an indicator without options of its own as a component; `description` is for the reference. */
export function defineConfidence(
  kind: string,
  confidence: Confidence,
  {
    needs = [],
    description = '',
  }: { readonly needs?: readonly string[]; readonly description?: string } = {},
): ConfidenceComponent<z.output<typeof options>> {
  return defineComponent({
    kind,
    options: options.describe(description),
    needs,
    create: ({ detach }) => {
      const configured: Confidence = (logitsNCHW, given) => confidence(logitsNCHW, { detach, ...given });
      return detach && confidence.fused ? Object.assign(configured, { fused: confidence.fused }) : configured;
    },
  });
}

/**
 * Runs an indicator's mathematics on float32 maps, outside autocast, and without gradient where it is detached.
 *
 * @throws OperationError when the logits are not [N,C,H,W]
 */
export function indicate(
  logitsNCHW: Tensor,
  { detach = true, map }: { readonly detach?: boolean; readonly map: (logitsNCHW: Tensor) => Tensor },
): Tensor {
  if (logitsNCHW.ndim !== 4) {
    throw new OperationError(
      `confidence: expected logits [N,C,H,W], received [${logitsNCHW.shape.join(',')}]`,
    );
  }
  const run = () =>
    autocast({ device: logitsNCHW.device, enabled: false }, () => map(logitsNCHW.to({ dtype: 'float32' })));
  return detach ? noGrad(run) : run();
}
