// One setting of the loss bench: its logits in both layouts, and a pass by either kind of kernels.

import { crossEntropy, focal, fusedPixelLoss, gce } from 'coarsely/losses';
import { entropy, variance } from 'coarsely/reweighting';
import { Generator, memory, ops, randn, resetPeakMemory, scope, tensorFrom, tidy } from 'coarsely/torch';

const losses = { 'cross-entropy': crossEntropy, gce: gce(), focal: focal() };
const confidences = { variance, entropy, none: null };

/** Tensors that `body` returns; what else it makes is freed, but for what the graph holds. */
function keeping(body) {
  const inner = scope();
  try {
    return body().map((map) => inner.keep(map));
  } finally {
    inner[Symbol.dispose]();
  }
}

export class Subject {
  #size;
  #loss;
  #confidence;
  #logits;
  #labels;
  #checks = new Map();

  constructor({ count, classCount, height, width, factor, loss, confidence }) {
    this.#size = [height, width];
    this.#loss = losses[loss];
    this.#confidence = confidences[confidence];
    const generator = new Generator(1);
    const shape = [count, classCount, height / factor, width / factor];
    const values = tidy(() => randn(shape, { dtype: 'float32', generator }).mul(3));
    generator.dispose();
    this.#logits = new Map(
      ['channels-last', 'contiguous'].map((memoryFormat) => [
        memoryFormat,
        tidy(() => values.contiguous({ memoryFormat }).clone()).requiresGrad_(),
      ]),
    );
    values.dispose();
    // Regions of one class, a tenth of them without a label.
    const labels = BigInt64Array.from({ length: count * height * width }, (_, index) => {
      const region = Math.floor(index / width / 32) * 61 + Math.floor((index % width) / 48);
      return region % 10 === 0 ? 255n : BigInt((region * 7919) % classCount);
    });
    this.#labels = tensorFrom(labels, { dtype: 'int64', shape: [count, height, width] });
  }

  /** Seconds of one pass, and MiB beyond its inputs, its two maps and the gradient. */
  pass({ kernels, memoryFormat }) {
    const logits = this.#logits.get(memoryFormat);
    const maps = kernels === 'fused' ? () => this.#fused(logits) : () => this.#stock(logits);
    return tidy(() => {
      const before = memory().liveBytes;
      resetPeakMemory();
      const began = performance.now();
      const [lossesNHW, confidenceNHW] = keeping(maps);
      const between = performance.now();
      tidy(() => lossesNHW.sum().backward());
      const ended = performance.now();
      const gradient = logits.grad;
      const bytes = [lossesNHW, confidenceNHW, gradient].reduce(
        (sum, map) => sum + 4 * (map?.shape.reduce((product, size) => product * size, 1) ?? 0),
        0,
      );
      const extraMiB = (memory().peakBytes - before - bytes) / 2 ** 20;
      this.#checks.set(`${kernels} ${memoryFormat}`, [
        lossesNHW.sum().item(),
        confidenceNHW?.sum().item() ?? 0,
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

  /** All ways must have computed the same: one that does less work is found out. */
  check() {
    const [expected] = this.#checks.values();
    for (const [way, found] of this.#checks) {
      found.forEach((value, at) => {
        if (!(Math.abs(value - expected[at]) <= 1e-3 * (1 + Math.abs(expected[at]))))
          throw new Error(`${way}: ${found.join(', ')}, expected ${expected.join(', ')}`);
      });
    }
  }

  dispose() {
    for (const logits of this.#logits.values()) logits.dispose();
    this.#labels.dispose();
  }

  #fused(logits) {
    const { lossesNHW, confidenceNHW } = fusedPixelLoss(logits, this.#labels, {
      loss: this.#loss,
      confidence: this.#confidence,
    });
    return confidenceNHW ? [lossesNHW, confidenceNHW] : [lossesNHW];
  }

  #stock(logits) {
    const [height, width] = this.#size;
    const [, , rows, columns] = logits.shape;
    const isFull = rows === height && columns === width;
    const resized = isFull ? logits : ops.upsampleBilinear2d(logits, this.#size, false);
    const lossesNHW = this.#loss(resized, this.#labels);
    return this.#confidence ? [lossesNHW, this.#confidence(resized)] : [lossesNHW];
  }
}
