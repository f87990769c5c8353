/**
 * Defines confidence: how sure the network is of a pixel, whatever its label says (paper, section 3.2). An indicator
 * is any map from logits to [−1, 1] with +1 the most confident.
 */

import { z } from 'zod';
import { OperationError } from '../errors/index.js';
import type { FusedConfidence } from '../losses/index.js';
import { type Component, defineComponent } from '../registry/index.js';
import { autocast, noGrad, type Tensor } from '../torch/index.js';

/** Configures one call of a confidence indicator. */
export interface ConfidenceOptions {
  /** Predictions of further heads, [N,channels,H,W] by name. */
  readonly extraHeads?: Readonly<Record<string, Tensor>>;
  /**
   * Cuts the gradient to the logits; true by default. With the gradient, the network learns that a more certain wrong
   * answer weighs less, instead of learning the classes (Table 1).
   */
  readonly detach?: boolean;
}

/** Maps logits [N,C,H,W] to confidence v̂ [N,H,W], float32 in [−1, 1], without gradient unless `detach` is false. */
export interface Confidence {
  (logitsNCHW: Tensor, options?: ConfidenceOptions): Tensor;
  /** Names the indicator for `fusedPixelLoss`, which computes it detached; absent where it cannot. */
  readonly fused?: FusedConfidence;
}

/** Holds what an indicator may need to know of the task. */
export interface ConfidenceContext {
  readonly classCount: number;
}

/** Describes an indicator that a config can name. */
export interface ConfidenceComponent<Options = unknown>
  extends Component<Options, ConfidenceContext, Confidence> {
  /** Names of the extra heads that the indicator reads. */
  readonly needs?: readonly string[];
}

const schema = z.strictObject({
  detach: z
    .boolean()
    .default(true)
    .describe(
      'Cuts the gradient. `false` lets the gradient of the weights reach the network, which ' +
        'then changes its confidence instead of its mistakes (Table 1).',
    ),
});

/** Describes an indicator for `defineConfidence`. */
export interface ConfidenceDescription {
  /** Names of the extra heads that the indicator reads. */
  readonly needs?: readonly string[];
  /** Text for the reference of components. */
  readonly description?: string;
}

/** Defines an indicator without options of its own as a component. */
export function defineConfidence(
  kind: string,
  confidence: Confidence,
  { needs = [], description = '' }: ConfidenceDescription = {},
): ConfidenceComponent<z.output<typeof schema>> {
  return defineComponent({
    kind,
    options: schema.describe(description),
    needs,
    create: ({ detach }) => {
      const configured: Confidence = (logitsNCHW, options) => confidence(logitsNCHW, { detach, ...options });
      return detach && confidence.fused ? Object.assign(configured, { fused: confidence.fused }) : configured;
    },
  });
}

/**
 * Computes an indicator by `map` from logits in float32, outside autocast, and without gradient unless `detach` is
 * false.
 *
 * @throws {OperationError} when the logits are not [N,C,H,W]
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
