/**
 * Coarse labels from fine ones: what an annotator's quick polygons would look like. Cityscapes' coarse annotations, the
 * model for this, cover 0.58 of what its fine ones label and agree with them on 0.97 of that: objects are outlined with
 * few vertices and kept off the borders, small ones are skipped or painted over, thin ones are drawn thin.
 */

import { RandomStream } from '../data/index.js';
import { DataError } from '../errors/index.js';
import { connectedComponents, type ImageSize } from './connected-components.js';
import { drawPolygon, drawStroke } from './draw-region.js';
import { fillRings } from './fill-rings.js';
import { type Layer, splitLayers } from './layers.js';
import { type Ring, type TracedRing, traceRings } from './trace-rings.js';

/**
 * How coarse the labels get. Lengths are shares of the image's diagonal and areas shares of the image, so that the same
 * scene at twice the size gets the same polygons. The defaults give, on CamVid's fine training labels, the coverage
 * and agreement that Cityscapes' coarse annotations have.
 */
export interface CoarsenParameters {
  /** Distance kept from a region's border, as a share of half the region's thickness ... */
  readonly insetShare: number;
  /** ... but at most this share of the image's diagonal. */
  readonly insetLimit: number;
  /** Spread of that distance from region to region: standard deviation of its logarithm. */
  readonly insetSpread: number;
  /** How far a polygon may depart from the inset outline, as a multiple of the inset: above 1 it may cross the border. */
  readonly simplify: number;
  /** Standard deviation of a vertex's displacement, as a share of the inset. */
  readonly jitter: number;
  /** Regions of a smaller share of the image are details, which surfaces are drawn across. */
  readonly detailArea: number;
  /** Regions nowhere thicker than this share of the diagonal are details. */
  readonly detailThickness: number;
  /** Regions of a smaller share of the image are never drawn. */
  readonly minimumArea: number;
  /** Probability that a detail just above `minimumArea` is skipped; falls with the square root of its area. */
  readonly skip: number;
  /** Holes of a larger share of the image are left out of the polygon around them; smaller ones are painted over. */
  readonly holeArea: number;
  /** Width of the stroke for a long, thin region, as a share of the region's. */
  readonly strokeWidth: number;
}

export const coarsenDefaults: CoarsenParameters = {
  insetShare: 0.4,
  insetLimit: 0.036,
  insetSpread: 1.2,
  simplify: 1.85,
  jitter: 0.5,
  detailArea: 0.005,
  detailThickness: 0.015,
  minimumArea: 0.0003,
  skip: 0.9,
  holeArea: 0.01,
  strokeWidth: 0.8,
};

export interface CoarsenOptions extends ImageSize, Partial<CoarsenParameters> {
  /** Labels are below this, or `ignoreIndex`. */
  readonly classCount: number;
  readonly ignoreIndex?: number;
  /** Non-negative integer; the same labels with the same seed give the same polygons. */
  readonly seed: number;
}

// A region this many times as long as wide is drawn as a stroke.
const strokeElongation = 4;
// ... unless it is thicker than this many times what makes it a detail.
const strokeThickness = 2.5;
// A name for this use of the seed, apart from other draws under the same seed.
const regionStream = 0x636f6172;

type Box = readonly [left: number, top: number, right: number, bottom: number];

interface Drawing {
  readonly label: number;
  readonly area: number;
  readonly rings: readonly Ring[];
}

/**
 * Coarse labels [height, width] for fine labels [height, width] (row by row, one byte a pixel): class indices, and
 * `ignoreIndex` where nothing was drawn. Throws a DataError when the size does not fit or a label is in no class.
 */
export function coarsenLabels(labels: Uint8Array, options: CoarsenOptions): Uint8Array {
  const { width, height, classCount, ignoreIndex = 255, seed } = options;
  checkLabels(labels, { width, height, classCount, ignoreIndex });
  const parameters = { ...coarsenDefaults, ...options };
  const size = { width, height };
  const diagonal = Math.hypot(width, height);
  const { surfaces, details } = splitLayers(labels, {
    ...size,
    ignoreIndex,
    detailArea: parameters.detailArea * labels.length,
    detailThickness: parameters.detailThickness * diagonal,
  });
  const context = { ...size, parameters, ignoreIndex, seed };
  const coarse = new Uint8Array(labels.length).fill(ignoreIndex);
  for (const layer of [
    drawLayer(surfaces, { ...context, number: 0, skippable: false }),
    drawLayer(details, { ...context, number: 1, skippable: true }),
  ]) {
    // Within a layer the largest comes first, so that what is smaller lies on top.
    for (const { label, rings } of layer.toSorted((a, b) => b.area - a.area)) {
      fillRings(coarse, { ...size, rings, value: label });
    }
  }
  return coarse;
}

function drawLayer(
  { components, distance, halfThickness }: Layer,
  {
    width,
    height,
    parameters,
    ignoreIndex,
    seed,
    number,
    skippable,
  }: ImageSize & {
    parameters: CoarsenParameters;
    ignoreIndex: number;
    seed: number;
    number: number;
    skippable: boolean;
  },
): Drawing[] {
  const { ids, count, values, areas, boxes } = components;
  const diagonal = Math.hypot(width, height);
  const minimumArea = parameters.minimumArea * width * height;
  const present = new Uint8Array(count);
  for (const id of ids) if (id !== -1) present[id] = 1;

  const drawings: Drawing[] = [];
  const insets = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  const cares = new Float64Array(count);
  const streams: (RandomStream | undefined)[] = [];
  for (let id = 0; id < count; id++) {
    const area = areas[id] as number;
    const label = values[id] as number;
    if (present[id] === 0 || label === ignoreIndex || area < minimumArea) continue;
    const random = new RandomStream(seed, [regionStream, number, id]);
    if (skippable && random.chance(parameters.skip * Math.sqrt(minimumArea / area))) continue;
    const thickness = 2 * (halfThickness[id] as number);
    const box = [boxes[4 * id], boxes[4 * id + 1], boxes[4 * id + 2], boxes[4 * id + 3]] as Box;
    const limit = strokeThickness * parameters.detailThickness * diagonal;
    // The mean width is a quick test that spares the exact one for most regions.
    if (area < 2 * limit * (1 + Math.max(box[2] - box[0], box[3] - box[1]))) {
      const stroke = drawStroke(ids, {
        id,
        box,
        width,
        limit,
        elongation: strokeElongation,
        widthShare: parameters.strokeWidth,
        jitterShare: parameters.jitter / 4,
        random,
      });
      if (stroke !== null) {
        drawings.push({ label, area, rings: [stroke] });
        continue;
      }
    }
    // How careful the annotator is and how far from the border are different things: only the inset is spread.
    cares[id] = Math.min(parameters.insetShare * (thickness / 2), parameters.insetLimit * diagonal);
    const spread = Math.exp(parameters.insetSpread * random.normal());
    insets[id] = Math.min(parameters.insetShare * (thickness / 2), (cares[id] as number) * spread);
    streams[id] = random;
  }

  // What remains of a region inside its inset may fall apart: each part becomes a polygon of its own.
  const kept = ids.map((id, pixel) =>
    id !== -1 && (distance[pixel] as number) > (insets[id] as number) ? id : -1,
  );
  const parts = connectedComponents(kept, { width, height, connectivity: 4, excluded: -1 });
  for (const [part, rings] of ringsByPart(traceRings(parts.ids, { width, height }))) {
    const id = parts.values[part] as number;
    const care = cares[id] as number;
    const area = parts.areas[part] as number;
    // A scrap beside a larger part is not worth its clicks.
    if (area < minimumArea / 4 || area < 0.02 * (areas[id] as number)) continue;
    const polygon = drawPolygon(rings, {
      tolerance: Math.max(0.75, parameters.simplify * care),
      jitter: parameters.jitter * care,
      holeArea: parameters.holeArea * width * height,
      random: streams[id] as RandomStream,
    });
    if (polygon.length > 0)
      drawings.push({ label: values[id] as number, area: areas[id] as number, rings: polygon });
  }
  return drawings;
}

function ringsByPart(rings: readonly TracedRing[]): Map<number, TracedRing[]> {
  const byPart = new Map<number, TracedRing[]>();
  for (const ring of rings) {
    const list = byPart.get(ring.id);
    if (list === undefined) byPart.set(ring.id, [ring]);
    else list.push(ring);
  }
  return byPart;
}

function checkLabels(
  labels: Uint8Array,
  { width, height, classCount, ignoreIndex }: ImageSize & { classCount: number; ignoreIndex: number },
): void {
  if (!(width > 0 && height > 0) || labels.length !== width * height) {
    throw new DataError(
      `coarsenLabels: expected ${width}×${height} = ${width * height} labels, received ${labels.length}`,
    );
  }
  const wrong = labels.findIndex((label) => label >= classCount && label !== ignoreIndex);
  if (wrong !== -1) {
    throw new DataError(
      `coarsenLabels: label ${labels[wrong]} at x ${wrong % width}, y ${Math.floor(wrong / width)} is no class: ` +
        `expected 0–${classCount - 1}, or ${ignoreIndex} for unlabeled`,
    );
  }
}
