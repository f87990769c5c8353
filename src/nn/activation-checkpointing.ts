/**
 * Implements activation checkpointing (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"): a segment of
 * a network keeps only its input, and the backward pass computes its activations again. Losses and gradients stay the
 * same bits: a segment runs again with the same autocast, kernels and dropout masks, running statistics are updated
 * once, and gradients are added in the same order.
 */

import { OperationError } from '../errors/index.js';
import { type Generator, noGrad, ops, scope, type Tensor } from '../torch/index.js';
import {
  afterBackward,
  backwardTogether,
  currentModes,
  isRecording,
  shareHandle,
} from '../torch/internal.js';
import type { Module } from './module.js';

type Run = (input: Tensor) => Tensor;

/** Describes the segment of a network that `activationCheckpoint` runs. */
export interface ActivationCheckpointOptions {
  readonly input: Tensor;
  /** Lists the modules that the segment runs. Their buffers are updated once although they run twice. */
  readonly modules: readonly Module[];
}

let current: ActivationCheckpointing | null = null;

/**
 * Switches activation checkpointing on until the end of the block that holds the result with `using`. Forward and
 * backward pass both belong into the block:
 *
 *     using _checkpointing = activationCheckpointing();
 *     const loss = crossEntropy(model.forward(images).logitsNCHW, labels).mean();
 *     loss.backward();
 */
export function activationCheckpointing(): Disposable {
  return new ActivationCheckpointing();
}

/**
 * Returns `run(input)`. While activation checkpointing is on and gradients are recorded, only the input is kept, and
 * the backward pass calls `run` again; a segment of frozen modules runs once. `run` must depend on nothing but its input and the modules' parameters, and must
 * not change its input.
 *
 * @throws {OperationError} when checkpointing is on and the input requires a gradient, but is not the output of another
 *   checkpoint: the backward pass could then not end at the input
 */
export function activationCheckpoint(run: Run, { input, modules }: ActivationCheckpointOptions): Tensor {
  if (current === null || !isRecording()) return run(input);
  // Without a gradient nothing is kept for the backward pass, which never comes here.
  const isFrozen = !input.requiresGrad && modules.every((module) => module.isFrozen);
  return isFrozen ? run(input) : current.run(run, { input, modules });
}

/**
 * @internal Remembers the state of a generator before a layer draws from it, so that the layer draws the same numbers
 * when its segment runs again.
 */
export function rememberGeneratorState(generator: Generator): void {
  current?.rememberGeneratorState(generator);
}

class ActivationCheckpointing implements Disposable {
  readonly #outer: ActivationCheckpointing | null = current;
  readonly #removeHook: () => void;
  readonly #segments: Segment[] = [];
  readonly #outputs = new WeakSet<Tensor>();
  /** Holds the states that the segment that runs now has to remember. */
  #generatorStates: Map<Generator, Uint8Array> | null = null;

  constructor() {
    current = this;
    this.#removeHook = afterBackward(() => this.#runBackwards());
  }

  run(run: Run, { input, modules }: ActivationCheckpointOptions): Tensor {
    if (input.requiresGrad && !this.#outputs.has(input)) {
      throw new OperationError(
        'activationCheckpoint: expected an input without gradient or the output of another activationCheckpoint, received a tensor with a history; begin the checkpoint earlier in the network',
      );
    }
    const generatorStates = new Map<Generator, Uint8Array>();
    this.#generatorStates = generatorStates;
    try {
      // The output is a leaf, so that the backward pass ends there and leaves the gradient with which the segment goes
      // on.
      const output = noGrad(() => {
        using inner = scope();
        return inner.keep(run(input).detach());
      }).requiresGrad_();
      this.#segments.push({
        run,
        modules,
        generatorStates,
        withModes: currentModes(input.device),
        input: shareHandle(input),
        output: shareHandle(output),
      });
      this.#outputs.add(output);
      return output;
    } finally {
      this.#generatorStates = null;
    }
  }

  rememberGeneratorState(generator: Generator): void {
    const states = this.#generatorStates;
    if (states && !states.has(generator)) states.set(generator, generator.state());
  }

  [Symbol.dispose](): void {
    current = this.#outer;
    this.#removeHook();
    for (const segment of this.#segments.splice(0)) disposeTensors(segment);
  }

  /** Runs the last segment first: it gives the segments before it their gradients. */
  #runBackwards(): void {
    // A segment that runs again needs its activations at once, and so keeps them.
    current = null;
    try {
      for (let segment = this.#segments.pop(); segment; segment = this.#segments.pop()) {
        try {
          runBackward(segment);
        } finally {
          disposeTensors(segment);
        }
      }
    } finally {
      current = this;
    }
  }
}

/** Holds what is needed to run a segment again. */
interface Segment {
  readonly run: Run;
  readonly modules: readonly Module[];
  /** Holds the states that the generators had before they drew in the first run. */
  readonly generatorStates: ReadonlyMap<Generator, Uint8Array>;
  readonly withModes: ReturnType<typeof currentModes>;
  readonly input: Tensor;
  readonly output: Tensor;
}

function disposeTensors({ input, output }: Segment): void {
  input.dispose();
  output.dispose();
}

function runBackward({ run, modules, generatorStates, withModes, input, output }: Segment): void {
  using _inner = scope();
  const gradient = output.grad;
  if (gradient === null) return;
  const restoreBuffers = copyBuffers(modules);
  const statesNow = [...generatorStates.keys()].map((generator) => [generator, generator.state()] as const);
  try {
    for (const [generator, state] of generatorStates) generator.setState(state);
    // Gradients that reached the input from elsewhere come first in the sum, as in a single backward pass.
    const fromElsewhere = input.requiresGrad ? input.grad : null;
    input.zeroGrad_();
    const start = fromElsewhere ? ops.viewAs(input, input) : input;
    const result = withModes(() => {
      using pass = scope();
      return pass.keep(run(start));
    });
    output.dispose();
    backwardTogether([
      { tensor: result, gradient },
      ...(fromElsewhere ? [{ tensor: start, gradient: fromElsewhere }] : []),
    ]);
  } finally {
    for (const [generator, state] of statesNow) generator.setState(state);
    restoreBuffers();
  }
}

/** Copies the modules' buffers, and returns a function that puts the copies back. */
function copyBuffers(modules: readonly Module[]): () => void {
  const buffers = modules.flatMap((module) => [...module.namedBuffers().values()]);
  const copies = buffers.map((buffer) => [buffer, buffer.clone()] as const);
  return () =>
    noGrad(() => {
      for (const [buffer, before] of copies) buffer.copy_(before);
    });
}
