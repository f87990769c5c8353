/**
 * Reads what a run's network makes of the candidates of an image. The features that a quick run keeps on disk are read where
 * the head looks at single cells; every other network predicts the image as it always does.
 */

import { normalizationOf } from '../config/internal.js';
import type { SegmentationDataset, Size } from '../data/index.js';
import { inferenceOptions, inferLogits, type LoadedRun } from '../evaluation/index.js';
import { featureTaps, type StackableHead } from '../models/index.js';
import { type FeatureMaps, headLikelihoods, openFeatureMaps, pointLikelihoods } from '../quick/internal.js';
import { scope, type Tensor, tensorFrom, tidy } from '../torch/index.js';
import {
  type CandidateGrid,
  candidateCount,
  candidateGrid,
  candidateLabels,
  type ImageCandidates,
  pixelOf,
} from './candidates.js';

/** Holds what a network makes of an image, before its features are projected. */
export interface Evidence extends Omit<ImageCandidates, 'features'> {
  /** Holds features float32 [candidates, channels] on the CPU, which the reader of the evidence disposes; null without. */
  readonly stacked: Tensor | null;
}

/** Gives the evidence of images by index. */
export interface EvidenceSource extends Disposable {
  /** Tells whether likelihoods are computed from stored features, without a pass of the network. */
  readonly usesStored: boolean;
  /** Counts the passes of the network over an image, because its features were not stored. */
  readonly computed: number;
  /**
   * Reads an image.
   *
   * @throws {DataError} naming the file when it cannot be used
   */
  read(index: number): Promise<Evidence>;
}

/** Configures `openEvidence`. */
export interface EvidenceOptions {
  /** Has labels in the order of the network's classes. */
  readonly dataset: SegmentationDataset;
  /** Is the same dataset as it lies on the disk, with the paths of its files. */
  readonly files: SegmentationDataset;
  /** Reads features too. */
  readonly needsFeatures: boolean;
  /** Returns the candidates of an image of this size; `candidateGrid` by default. */
  readonly gridOf?: (size: Size) => CandidateGrid;
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/** Opens the evidence of a dataset's images; the caller disposes it. The run must live as long. */
export async function openEvidence(run: LoadedRun, options: EvidenceOptions): Promise<EvidenceSource> {
  const head = storedHead(run);
  const maps = head !== null || options.needsFeatures ? await openMaps(run, { ...options, head }) : null;
  const { dataset, needsFeatures, gridOf = candidateGrid } = options;
  let passes = 0;
  return {
    usesStored: head !== null,
    get computed() {
      return head === null ? passes : (maps?.computed ?? 0);
    },
    async read(index) {
      passes++;
      const labeled = head === null ? null : await labelsOf(dataset, index);
      const decoded = labeled === null ? await dataset.read(index) : null;
      using found = (await maps?.read(index)) ?? null;
      const size = decoded ?? found?.size;
      if (size === undefined) throw new RangeError('evidence without an image');
      const grid = gridOf(size);
      using work = scope();
      const stacked = found === null ? null : found.rows(candidateCenters(grid)).to({ dtype: 'float32' });
      const likelihoods =
        head !== null && stacked !== null
          ? headLikelihoods(head, stacked)
          : inferredLikelihoods(run, decoded as NonNullable<typeof decoded>, grid);
      if (needsFeatures && stacked !== null) work.keep(stacked);
      return {
        grid,
        likelihoods,
        classCount: run.classes.length,
        labels: candidateLabels(decoded === null ? labeled : decoded.labels, grid),
        stacked: needsFeatures ? stacked : null,
      };
    },
    [Symbol.dispose]: () => maps?.[Symbol.dispose](),
  };
}

/** Returns the head of a quick run that classifies single cells; null for other networks. */
function storedHead({ config, model }: LoadedRun): StackableHead | null {
  if (config.quick === null) return null;
  const head = model.head as StackableHead;
  return head.patchSize === 1 ? head : null;
}

function openMaps(
  { config, model }: LoadedRun,
  { files, head, onNotice }: EvidenceOptions & { readonly head: StackableHead | null },
): Promise<FeatureMaps> {
  const { backbone } = model;
  const { device, precision, baseSize, kernels } = inferenceOptions(config);
  return openFeatureMaps({
    backbone,
    dataset: files,
    taps: head?.taps ?? featureTaps.filter((tap) => tap !== 'stem' || backbone.stemChannels !== undefined),
    normalization: model.normalization ?? normalizationOf(config.data),
    description: { ...config.model.backbone, weights: null },
    // Features of a backbone that was trained are of use to this run alone.
    diskMiB: head === null ? 0 : (config.quick?.diskMiB ?? 0),
    ...{ device, precision, baseSize, kernels },
    ...(onNotice && { onNotice }),
  });
}

/** Returns the labels of an image without decoding it, where the dataset can. */
async function labelsOf(dataset: SegmentationDataset, index: number): Promise<Uint8Array | null> {
  if (dataset.readLabels === undefined) return (await dataset.read(index)).labels;
  return (await dataset.readLabels(index))?.labels ?? null;
}

/** Returns the centers of the pixels of all candidates, x and y of each. */
export function candidateCenters(grid: CandidateGrid): Float32Array {
  const points = new Float32Array(2 * candidateCount(grid));
  for (let candidate = 0; candidate < points.length / 2; candidate++) {
    const [x, y] = pixelOf(candidate, grid);
    points[2 * candidate] = x + 0.5;
    points[2 * candidate + 1] = y + 0.5;
  }
  return points;
}

function inferredLikelihoods(
  { config, model }: LoadedRun,
  image: Parameters<typeof inferLogits>[1][number],
  grid: CandidateGrid,
): Float32Array {
  return tidy(() => {
    const logits = inferLogits(model, [image], inferenceOptions(config));
    const [, classes = 0] = logits.shape;
    const places = BigInt64Array.from({ length: candidateCount(grid) }, (_, candidate) => {
      const [x, y] = pixelOf(candidate, grid);
      return BigInt(y * grid.width + x);
    });
    const index = tensorFrom(places, { dtype: 'int64', shape: [places.length] }).to({
      device: logits.device,
    });
    return pointLikelihoods(logits.reshape([1, classes, 1, -1]).indexSelect(3, index));
  });
}
