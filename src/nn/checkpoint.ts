/**
 * Activation checkpointing (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"): a stage of a network
 * keeps only what it starts from and is computed again when backward reaches it. Losses and gradients keep their bits:
 * the stage runs again with the autocast, the kernels and the dropout masks that it ran with, running statistics are
 * updated once, and gradients meet in the order in which they would have met.
 */

import { OperationError } from '../errors/index.js';
import { type Generator, noGrad, ops, scope, Tensor } from '../torch/index.js';
import { afterBackward, backwardTogether, currentModes, isRecording, native } from '../torch/internal.js';
import type { Module } from './module.js';

export type Stage = (input: Tensor) => Tensor;

export interface CheckpointOptions {
  readonly input: Tensor;
  /** The modules that the stage runs; their buffers count as running statistics. */
  readonly modules: readonly Module[];
}

let open: Checkpoints | null = null;

/**
 * From here to the close of the block that holds it with `using`, networks keep only what their stages start from:
 *
 *     using _checkpoints = checkpoints();
 *     const loss = crossEntropy(model.forward(images).logitsNCHW, labels).mean();
 *     loss.backward();
 *
 * Forward and backward both belong inside.
 */
export function checkpoints(): Checkpoints {
  return new Checkpoints();
}

/**
 * `run(input)`, computed again in backward if checkpoints are open and gradients are recorded; otherwise simply run.
 * `run` must be a function of its input and the modules' parameters, and must not change its input.
 */
export function checkpoint(run: Stage, { input, modules }: CheckpointOptions): Tensor {
  return open === null || !isRecording() ? run(input) : open.run(run, { input, modules });
}

/** @internal Remembers a generator before it draws, so that a stage that runs again draws the same. */
export function noteDraw(generator: Generator): void {
  open?.noteDraw(generator);
}

export class Checkpoints implements Disposable {
  readonly #before: Checkpoints | null = open;
  readonly #stopFollowing: () => void;
  readonly #segments: Segment[] = [];
  readonly #outputs = new WeakSet<Tensor>();
  #draws: Map<Generator, Uint8Array> | null = null;

  constructor() {
    open = this;
    this.#stopFollowing = afterBackward(() => this.#unwind());
  }

  /** @throws OperationError for an input in the middle of a graph: backward would have to pass there twice */
  run(run: Stage, { input, modules }: CheckpointOptions): Tensor {
    if (input.requiresGrad && !this.#outputs.has(input)) {
      throw new OperationError(
        'checkpoint: expected an input without gradient, or the output of another checkpoint; received one in between',
      );
    }
    const draws = new Map<Generator, Uint8Array>();
    this.#draws = draws;
    try {
      // The result is a leaf: backward stops there, and leaves its gradient for the segment to go on with.
      const output = noGrad(() => {
        using inner = scope();
        return inner.keep(run(input).detach());
      }).requiresGrad_();
      const inModes = currentModes(input.device);
      this.#segments.push({ run, modules, draws, inModes, input: held(input), output: held(output) });
      this.#outputs.add(output);
      return output;
    } finally {
      this.#draws = null;
    }
  }

  noteDraw(generator: Generator): void {
    if (this.#draws && !this.#draws.has(generator)) this.#draws.set(generator, generator.state());
  }

  [Symbol.dispose](): void {
    open = this.#before;
    this.#stopFollowing();
    for (const segment of this.#segments.splice(0)) forget(segment);
  }

  /** Last segments first: each gets its gradient from those that start from what it gave. */
  #unwind(): void {
    // What runs again keeps everything: it is needed at once.
    open = null;
    try {
      for (let segment = this.#segments.pop(); segment; segment = this.#segments.pop()) {
        try {
          runAgain(segment);
        } finally {
          forget(segment);
        }
      }
    } finally {
      open = this;
    }
  }
}

interface Segment {
  readonly run: Stage;
  readonly modules: readonly Module[];
  /** Generators that drew in the first run, as they were before. */
  readonly draws: ReadonlyMap<Generator, Uint8Array>;
  readonly inModes: ReturnType<typeof currentModes>;
  readonly input: Tensor;
  readonly output: Tensor;
}

/** The same tensor under a handle that no scope frees. */
function held(tensor: Tensor): Tensor {
  return new Tensor(native().share(tensor.id));
}

function forget({ input, output }: Segment): void {
  input.dispose();
  output.dispose();
}

function runAgain({ run, modules, draws, inModes, input, output }: Segment): void {
  using _inner = scope();
  const gradient = output.grad;
  if (gradient === null) return;
  const restoreBuffers = keepBuffers(modules);
  const drawnSince = [...draws.keys()].map((generator) => [generator, generator.state()] as const);
  try {
    for (const [generator, state] of draws) generator.setState(state);
    // What came to the input from elsewhere comes first in the sum, as it would have in one backward.
    const elsewhere = input.requiresGrad ? input.grad : null;
    input.zeroGrad_();
    const start = elsewhere ? ops.viewAs(input, input) : input;
    const result = inModes(() => {
      using pass = scope();
      return pass.keep(run(start));
    });
    output.dispose();
    backwardTogether([
      { tensor: result, gradient },
      ...(elsewhere ? [{ tensor: start, gradient: elsewhere }] : []),
    ]);
  } finally {
    for (const [generator, state] of drawnSince) generator.setState(state);
    restoreBuffers();
  }
}

/** Running statistics as they are now; the result puts them back. */
function keepBuffers(modules: readonly Module[]): () => void {
  const buffers = modules.flatMap((module) => [...module.namedBuffers().values()]);
  const kept = buffers.map((buffer) => [buffer, buffer.clone()] as const);
  return () =>
    noGrad(() => {
      for (const [buffer, before] of kept) buffer.copy_(before);
    });
}
