/** Gives what the network of a run makes of an image, computed when it is first asked for and kept on the disk. */

import { join } from 'node:path';
import sharp from 'sharp';
import { readRun } from '../../runs/index.js';
import { noCheckpointError } from '../../runs/internal.js';
import type { ServerContext } from '../context.js';
import type { ServedDataset } from '../dataset/served-dataset.js';
import { NotFoundError } from '../errors/server-error.js';
import { fileState, PictureCache } from '../pictures/picture-cache.js';
import { ChildCalls } from '../processes/child-calls.js';
import { type LayerName, planeOf } from './map-planes.js';
import type { PredictionRequest } from './predictor-process.js';

/** Names an image, and the run that predicts it. */
export interface WantedPrediction {
  /** Names the run's folder. */
  readonly run: string;
  readonly split: string;
  readonly name: string;
  /** Names the labels that weights are computed for; null for none. */
  readonly labels: string | null;
}

/** Holds a map of an image. */
export interface PredictedLayer {
  readonly width: number;
  readonly height: number;
  /** Holds classes as indices, or values as `map-bytes.ts` writes them; [height, width]. */
  readonly values: Uint8Array;
}

/** Predicts images, one at a time, those asked for last first. */
export class Predictions {
  readonly #context: ServerContext;
  readonly #cache: PictureCache;
  readonly #child: ChildCalls<PredictionRequest, Uint8Array>;
  #dataset: ServedDataset | null = null;

  constructor(context: ServerContext) {
    this.#context = context;
    this.#cache = new PictureCache(join(context.workspace.cache, 'predictions'), { together: 1 });
    this.#child = new ChildCalls(new URL('./predictor-process.js', import.meta.url), {
      name: 'the process that predicts',
    });
    context.onClose(() => this.#child.close());
  }

  /**
   * Names everything that the maps of an image depend on.
   *
   * @throws {CheckpointError} when the run has no checkpoint
   * @throws {NotFoundError} when there is no such image
   */
  async key({ run, split, name, labels }: WantedPrediction): Promise<Readonly<Record<string, unknown>>> {
    const { lastCheckpoint } = readRun(run);
    if (lastCheckpoint === null) throw noCheckpointError(run);
    const dataset = await this.#context.dataset();
    // The process has listed the files as they were.
    if (this.#dataset !== null && dataset !== this.#dataset) await this.#child.close();
    this.#dataset = dataset;
    const file = labels === null ? null : await dataset.labelFile(split, { labels, name });
    return {
      checkpoint: await fileState(lastCheckpoint.file),
      image: await fileState(await dataset.imageFile(split, name)),
      labels: file === null ? null : await fileState(file),
      list: dataset.classList,
      reading: this.#context.workspace.reading,
    };
  }

  /**
   * Returns a map of an image.
   *
   * @param signal ends the wait of a reader who is gone
   * @throws {NotFoundError} when the run has no such map
   * @throws {ConfigError} when the network predicts other classes
   */
  async layer(
    wanted: WantedPrediction & { readonly layer: LayerName; readonly key: Readonly<Record<string, unknown>> },
    signal?: AbortSignal,
  ): Promise<PredictedLayer> {
    const { layer, key, ...which } = wanted;
    const checkpoint = JSON.stringify(key.checkpoint);
    const { workspace } = this.#context;
    const make = () => this.#child.call({ workspace, checkpoint, ...which });
    const { bytes } = await this.#cache.get(key, { make, signal });
    const picture = sharp(bytes, { limitInputPixels: false }).toColourspace('b-w').extractChannel(0);
    const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
    const size = await (await this.#context.dataset()).imageSize(which.split, which.name);
    const values = info.width === size.width ? planeOf(data, { layer, ...size }) : null;
    if (values === null) {
      throw new NotFoundError('this run has no weights: it trains on the plain mean of the losses');
    }
    return { ...size, values };
  }
}
