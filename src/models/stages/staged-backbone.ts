/** Shares what all backbones here have in common: a stem at half the image's size and four stages of blocks. */

import {
  activationCheckpoint,
  BatchNorm2d,
  type Layer,
  type MaxPool2d,
  Module,
  type Sequential,
} from '../../nn/index.js';
import { type Tensor, tidy } from '../../torch/index.js';
import { freeOnThrow } from '../../torch/internal.js';
import type { Backbone, BackboneForwardOptions, Features } from '../backbone.js';
import { type FrozenPart, stageNames } from './stage-options.js';
import type { OutputStride } from './stage-plan.js';

/** Holds the parts of a backbone of four stages. */
export interface StagedBackboneParts<Block extends Layer> {
  /** Maps images to the stem's feature, at half their size. */
  readonly stem: Sequential;
  /** Channels of the stem's feature. */
  readonly stemChannels: number;
  /** Halves the stem's feature before the first stage; null where that stage does it. */
  readonly pool: MaxPool2d | null;
  /** Blocks of the four stages, which run one after another. */
  readonly stages: readonly [readonly Block[], readonly Block[], readonly Block[], readonly Block[]];
  /** Channels of the features of the stages. */
  readonly channels: readonly [number, number, number, number];
  readonly outputStride: OutputStride;
  readonly normEval: boolean;
  readonly frozen: FrozenPart;
}

/** Computes features by a stem and four stages of blocks. */
export abstract class StagedBackbone<Block extends Layer = Layer> extends Module implements Backbone {
  readonly channels: readonly [number, number, number, number];
  readonly stemChannels: number;
  readonly outputStride: OutputStride;
  readonly stem: Sequential;
  readonly pool: MaxPool2d | null;
  readonly stage1: readonly Block[];
  readonly stage2: readonly Block[];
  readonly stage3: readonly Block[];
  readonly stage4: readonly Block[];

  constructor({ stages, normEval, frozen, ...parts }: StagedBackboneParts<Block>) {
    super();
    this.channels = parts.channels;
    this.stemChannels = parts.stemChannels;
    this.outputStride = parts.outputStride;
    this.stem = parts.stem;
    this.pool = parts.pool;
    [this.stage1, this.stage2, this.stage3, this.stage4] = stages;
    if (normEval)
      for (const part of this.namedModules().values())
        if (part instanceof BatchNorm2d) part.freezeStatistics(true);
    for (const module of this.#upTo(frozen)) module.freeze();
  }

  /** Returns the modules from the stem to the end of a part. */
  #upTo(part: FrozenPart): readonly Module[] {
    if (part === false) return [];
    const parts: readonly FrozenPart[] = ['stem', ...stageNames];
    const stages = part === true ? stageNames : stageNames.slice(0, parts.indexOf(part));
    return [this.stem, ...stages.flatMap((stage) => this[stage])];
  }

  /** Maps normalized images [N, image channels, H, W] to the features of the four stages, and of the stem if asked. */
  forward(imagesNCHW: Tensor, { stem: isStemWanted = false }: BackboneForwardOptions = {}): Features {
    return freeOnThrow(() => {
      const { stem, start } = this.#begin(imagesNCHW, isStemWanted);
      const stage1 = runStage(this.stage1, start);
      if (start !== stem) start.dispose();
      const stage2 = runStage(this.stage2, stage1);
      const stage3 = runStage(this.stage3, stage2);
      const stage4 = runStage(this.stage4, stage3);
      return [stage1, stage2, stage3, stage4, ...(stem === null ? [] : [stem])];
    });
  }

  /** Returns the stem's feature, or null if it is not wanted, and the input of the first stage. */
  #begin(
    imagesNCHW: Tensor,
    isStemWanted: boolean,
  ): { readonly stem: Tensor | null; readonly start: Tensor } {
    const { stem, pool } = this;
    const input = { input: imagesNCHW, modules: [stem] };
    if (pool !== null && !isStemWanted) {
      // In one segment, so that nothing keeps the stem's feature, the largest of all.
      const run = (images: Tensor) => tidy(() => pool.forward(stem.forward(images)));
      return { stem: null, start: activationCheckpoint(run, input) };
    }
    const feature = activationCheckpoint((images) => stem.forward(images), input);
    const start =
      pool === null
        ? feature
        : activationCheckpoint((map) => pool.forward(map), { input: feature, modules: [] });
    return { stem: isStemWanted ? feature : null, start };
  }

  abstract publishedName(name: string): string | readonly string[];
}

function runStage(blocks: readonly Layer[], input: Tensor): Tensor {
  const run = (start: Tensor) =>
    freeOnThrow(() =>
      blocks.reduce((value, block) => {
        const next = block.forward(value);
        // Only the features of a stage are returned; values between its blocks are freed at once.
        if (value !== start) value.dispose();
        return next;
      }, start),
    );
  return activationCheckpoint(run, { input, modules: blocks });
}
