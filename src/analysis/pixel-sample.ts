/** The labeled pixels of some images as flat lists, from which the statistics of Fig. 2 and Fig. 5 are made. */

import { ignoreIndex } from '../data/index.js';
import { OperationError } from '../errors/index.js';
import type { ImageMaps } from './measure-image.js';

/** Numbers the outcomes of comparing a pixel's training label with a finer one. */
export const pixelState = { correct: 0, mislabeled: 1, unknown: 2 } as const;

/** Holds labeled pixels, all lists of one length. */
export interface PixelSample {
  /** Number of images that the pixels come from. */
  readonly images: number;
  /** v̂, −1..1. */
  readonly confidence: Float32Array;
  readonly losses: Float32Array;
  /** Weights on one scale over all images; their sum has no meaning. */
  readonly weights: Float32Array;
  /** Values of `pixelState`. */
  readonly states: Uint8Array;
}

/** Holds the maps of one image and its labels, height × width. */
export interface MeasuredPixels {
  readonly maps: ImageMaps;
  readonly trainingLabels: Uint8Array;
  /** Null where there are no finer labels. */
  readonly fineLabels: Uint8Array | null;
}

/** Collects the labeled pixels of several images. */
export class PixelCollector {
  readonly #parts: PixelSample[] = [];

  /**
   * Adds the pixels of one image, without those whose training label is ignored.
   *
   * @throws {OperationError} when the maps of the image differ in size
   */
  add({ maps, trainingLabels, fineLabels }: MeasuredPixels): void {
    const { confidence, losses, weights, weightScale } = maps;
    for (const map of [confidence, losses, weights, fineLabels]) {
      if (map !== null && map.length !== trainingLabels.length) {
        throw new OperationError(
          `PixelCollector.add: expected maps of ${trainingLabels.length} pixels, received ${map.length}`,
        );
      }
    }
    let count = 0;
    for (const label of trainingLabels) if (label !== ignoreIndex) count += 1;
    const part = emptySample(count);
    let place = 0;
    for (const [pixel, label] of trainingLabels.entries()) {
      if (label === ignoreIndex) continue;
      part.confidence[place] = confidence[pixel] as number;
      part.losses[place] = losses[pixel] as number;
      part.weights[place] = weights === null ? 1 : (weights[pixel] as number) * weightScale;
      part.states[place] = stateOf(label, fineLabels?.[pixel] ?? ignoreIndex);
      place += 1;
    }
    this.#parts.push(part);
  }

  /** Returns the pixels of all images that were added. */
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

function stateOf(trainingLabel: number, fineLabel: number): number {
  if (fineLabel === ignoreIndex) return pixelState.unknown;
  return trainingLabel === fineLabel ? pixelState.correct : pixelState.mislabeled;
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
