/** The pixels of some images as flat lists: all that the statistics of Fig. 2 and Fig. 5 are made of. */

import { ignoreIndex } from '../data/index.js';
import { OperationError } from '../errors/index.js';
import type { Inspection } from './inspect-image.js';

/** How a pixel's teaching label compares with a finer one. */
export const pixelState = { correct: 0, mislabeled: 1, unknown: 2 } as const;

/** Labeled pixels only; all lists have one length. */
export interface PixelSample {
  readonly images: number;
  /** v̂, −1..1. */
  readonly confidence: Float32Array;
  readonly losses: Float32Array;
  /** On one scale over all images; what they sum to says nothing. */
  readonly weights: Float32Array;
  /** `pixelState`: whether the teaching label is the fine one, or that nobody knows. */
  readonly states: Uint8Array;
}

/** One image: what the network makes of it, and its labels, height × width. */
export interface PixelSource {
  readonly inspection: Inspection;
  readonly teaching: Uint8Array;
  /** Null where there are no finer labels. */
  readonly fine: Uint8Array | null;
}

/**
 * Pixels whose teaching label is ignored are left out.
 *
 * @throws OperationError when maps of one image differ in size
 */
export class PixelCollector {
  readonly #parts: PixelSample[] = [];

  add({ inspection, teaching, fine }: PixelSource): void {
    const { confidence, losses, weights, weightScale } = inspection;
    for (const map of [confidence, losses, weights, fine]) {
      if (map !== null && map.length !== teaching.length) {
        throw new OperationError(
          `PixelCollector.add: expected maps of ${teaching.length} pixels, received ${map.length}`,
        );
      }
    }
    let count = 0;
    for (const label of teaching) if (label !== ignoreIndex) count += 1;
    const part = emptySample(count);
    let place = 0;
    for (const [pixel, label] of teaching.entries()) {
      if (label === ignoreIndex) continue;
      part.confidence[place] = confidence[pixel] as number;
      part.losses[place] = losses[pixel] as number;
      part.weights[place] = weights === null ? 1 : (weights[pixel] as number) * weightScale;
      part.states[place] = stateOf(label, fine?.[pixel] ?? ignoreIndex);
      place += 1;
    }
    this.#parts.push(part);
  }

  pixels(): PixelSample {
    const parts = this.#parts;
    const all = emptySample(
      parts.reduce((sum, { states }) => sum + states.length, 0),
      parts.length,
    );
    let place = 0;
    for (const part of parts) {
      all.confidence.set(part.confidence, place);
      all.losses.set(part.losses, place);
      all.weights.set(part.weights, place);
      all.states.set(part.states, place);
      place += part.states.length;
    }
    return all;
  }
}

function stateOf(teaching: number, fine: number): number {
  if (fine === ignoreIndex) return pixelState.unknown;
  return teaching === fine ? pixelState.correct : pixelState.mislabeled;
}

function emptySample(length: number, images = 1): PixelSample {
  return {
    images,
    confidence: new Float32Array(length),
    losses: new Float32Array(length),
    weights: new Float32Array(length),
    states: new Uint8Array(length),
  };
}
