/** Runs one setting of the loss bench: its logits in both layouts, and a pass by either kind of kernels. */

import { crossEntropy, focal, fusedPixelLoss, gce, type PixelLoss } from 'coarsely/losses';
import { entropy, variance } from 'coarsely/reweighting';
import {
  Generator,
  memory,
  ops,
  randn,
  resetPeakMemory,
  scope,
  type Tensor,
  tensorFrom,
  tidy,
} from 'coarsely/torch';

const losses = { 'cross-entropy': crossEntropy, gce: gce(), focal: focal() } satisfies Record<
  string,
  PixelLoss
>;
const confidences = { variance, entropy, none: null };

/** Configures the size of logits and labels, and what is computed of them; peer.py reads the same JSON. */
export interface LossSetting {
  readonly count: number;
  readonly classCount: number;
  readonly height: number;
  readonly width: number;
  /** The size of the labels divided by that of the logits. */
  readonly factor: number;
  readonly loss: keyof typeof losses;
  readonly confidence: keyof typeof confidences;
}

/** Selects the kernels of a pass and the layout of its logits. */
export interface Way {
  readonly kernels: 'fused' | 'stock';
  readonly memoryFormat: 'channels-last' | 'contiguous';
}

export interface Pass {
  readonly seconds: number;
  readonly forward: number;
  readonly backward: number;
  /** Memory beyond the inputs, the two maps and the gradient. */
  readonly extraMiB: number;
}

interface Maps {
  readonly lossesNHW: Tensor;
  readonly confidenceNHW: Tensor | null;
}

export class Subject {
  readonly #setting: LossSetting;
  readonly #logits: Readonly<Record<Way['memoryFormat'], Tensor>>;
  readonly #labels: Tensor;
  readonly #checks = new Map<string, readonly number[]>();

  constructor(setting: LossSetting) {
    this.#setting = setting;
    const { count, classCount, height, width, factor } = setting;
    const generator = new Generator(1);
    const shape = [count, classCount, height / factor, width / factor];
    const values = tidy(() => randn(shape, { dtype: 'float32', generator }).mul(3));
    generator.dispose();
    const inLayout = (memoryFormat: Way['memoryFormat']) =>
      tidy(() => values.contiguous({ memoryFormat }).clone()).requiresGrad_();
    this.#logits = { 'channels-last': inLayout('channels-last'), contiguous: inLayout('contiguous') };
    values.dispose();
    // Regions of one class, a tenth of them without a label.
    const labels = BigInt64Array.from({ length: count * height * width }, (_, index) => {
      const region = Math.floor(index / width / 32) * 61 + Math.floor((index % width) / 48);
      return region % 10 === 0 ? 255n : BigInt((region * 7919) % classCount);
    });
    this.#labels = tensorFrom(labels, { dtype: 'int64', shape: [count, height, width] });
  }

  /** Runs forward and backward once. */
  pass({ kernels, memoryFormat }: Way): Pass {
    const logits = this.#logits[memoryFormat];
    return tidy(() => {
      const before = memory().liveBytes;
      resetPeakMemory();
      const began = performance.now();
      const maps = this.#forward(logits, kernels);
      const between = performance.now();
      tidy(() => maps.lossesNHW.sum().backward());
      const ended = performance.now();
      const gradient = logits.grad;
      if (!gradient) throw new Error('the backward pass left no gradient');
      const results = [maps.lossesNHW, gradient, ...(maps.confidenceNHW ? [maps.confidenceNHW] : [])];
      const bytes = results.reduce((sum, { numel }) => sum + 4 * numel, 0);
      const extraMiB = (memory().peakBytes - before - bytes) / 2 ** 20;
      this.#checks.set(`${kernels} ${memoryFormat}`, [
        maps.lossesNHW.sum().item(),
        maps.confidenceNHW?.sum().item() ?? 0,
        gradient.square().sum().item(),
      ]);
      logits.zeroGrad_();
      return {
        seconds: (ended - began) / 1000,
        forward: (between - began) / 1000,
        backward: (ended - between) / 1000,
        extraMiB,
      };
    });
  }

  /**
   * Compares what all ways computed, so that one that does less work is found out.
   * @throws {Error} when two ways differ
   */
  check(): void {
    const [expected = []] = this.#checks.values();
    for (const [way, found] of this.#checks) {
      const isClose = found.every((value, place) => {
        const wanted = expected[place] ?? Number.NaN;
        return Math.abs(value - wanted) <= 1e-3 * (1 + Math.abs(wanted));
      });
      if (!isClose) throw new Error(`${way}: ${found.join(', ')}, expected ${expected.join(', ')}`);
    }
  }

  dispose(): void {
    for (const logits of Object.values(this.#logits)) logits.dispose();
    this.#labels.dispose();
  }

  /** Frees all intermediates that the graph does not hold. */
  #forward(logits: Tensor, kernels: Way['kernels']): Maps {
    using inner = scope();
    const { lossesNHW, confidenceNHW } = kernels === 'fused' ? this.#fused(logits) : this.#stock(logits);
    return {
      lossesNHW: inner.keep(lossesNHW),
      confidenceNHW: confidenceNHW && inner.keep(confidenceNHW),
    };
  }

  #fused(logits: Tensor): Maps {
    return fusedPixelLoss(logits, this.#labels, {
      loss: losses[this.#setting.loss],
      confidence: confidences[this.#setting.confidence],
    });
  }

  #stock(logits: Tensor): Maps {
    const { height, width, factor, loss, confidence } = this.#setting;
    const resized = factor === 1 ? logits : ops.upsampleBilinear2d(logits, [height, width], false);
    return {
      lossesNHW: losses[loss](resized, this.#labels),
      confidenceNHW: confidences[confidence]?.(resized) ?? null,
    };
  }
}
