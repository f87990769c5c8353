/**
 * Puts the regions of all images into one order, adds them up, and writes them. Only their scores and places in a file are in
 * memory, so that the regions of any number of images can be ordered.
 */

import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { DatasetClass } from '../data/index.js';
import { parseJson, writeFileAtomically } from '../files/index.js';
import type { Audit, AuditedImageSummary } from './audit.js';
import type { AuditStore } from './audit-store.js';
import type { SuspectRegion } from './suspect-region.js';

/** Holds the sums of an audit, with the regions that come first. */
export interface RankedRegions
  extends Pick<
    Audit,
    | 'labeledPixels'
    | 'unjudgedPixels'
    | 'regions'
    | 'suspectedPixels'
    | 'expectedWrongPixels'
    | 'swaps'
    | 'coverage'
    | 'images'
  > {
  readonly first: readonly SuspectRegion[];
}

/** Lists the numbers of regions whose share of the suspected pixels is told. */
const coverageCounts = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];

/**
 * Writes the regions of all images as JSON lines, the one with most expected wrong pixels first.
 *
 * @param options.shown how many regions are returned
 * @throws {FileError} when the file cannot be written
 */
export function rankRegions(
  store: AuditStore,
  {
    file,
    classes,
    shown,
  }: { readonly file: string; readonly classes: readonly DatasetClass[]; readonly shown: number },
): RankedRegions {
  const spilled = join(store.state, 'unordered.jsonl');
  const places = new Map(classes.map(({ name }, index) => [name, index]));
  const swaps = classes.map(() => new Array<number>(classes.length).fill(0));
  const images: AuditedImageSummary[] = [];
  const lines: {
    readonly score: number;
    readonly start: number;
    readonly length: number;
    readonly pixels: number;
  }[] = [];
  let [end, labeledPixels, unjudgedPixels] = [0, 0, 0];
  const output = openSync(spilled, 'w+');
  try {
    for (const { split, image, labeled, unjudged, regions } of store.records()) {
      labeledPixels += labeled;
      unjudgedPixels += unjudged;
      for (const region of regions) {
        const bytes = Buffer.from(`${JSON.stringify(region)}\n`);
        for (let done = 0; done < bytes.length; ) done += writeSync(output, bytes, done);
        const { expectedWrong, pixels } = region;
        lines.push({ score: expectedWrong, start: end, length: bytes.length, pixels });
        end += bytes.length;
        const row = swaps[places.get(region.given) ?? -1];
        const column = places.get(region.suggested);
        if (row !== undefined && column !== undefined) row[column] = (row[column] as number) + expectedWrong;
      }
      const expectedWrongPixels = sumOf(regions, 'expectedWrong');
      images.push({
        ...{ split, image },
        labeledPixels: labeled,
        regions: regions.length,
        suspectedPixels: sumOf(regions, 'pixels'),
        expectedWrongPixels,
        score: labeled === 0 ? 0 : expectedWrongPixels / labeled,
      });
    }
    // Sorting keeps the order of the images among equals.
    lines.sort((a, b) => b.score - a.score);
    const lineAt = ({ start, length }: { readonly start: number; readonly length: number }) => {
      const bytes = Buffer.allocUnsafe(length);
      readSync(output, bytes, 0, length, start);
      return bytes;
    };
    writeFileAtomically(file, mapped(lines, lineAt));
    const suspectedPixels = images.reduce((sum, image) => sum + image.suspectedPixels, 0);
    return {
      ...{ labeledPixels, unjudgedPixels, suspectedPixels, swaps },
      regions: lines.length,
      expectedWrongPixels: images.reduce((sum, image) => sum + image.expectedWrongPixels, 0),
      coverage: coverageOf(lines, suspectedPixels),
      images: images.sort((a, b) => b.score - a.score),
      first: lines.slice(0, shown).map((line) => parseJson(lineAt(line)) as SuspectRegion),
    };
  } finally {
    closeSync(output);
    rmSync(spilled, { force: true });
  }
}

function coverageOf(
  lines: readonly { readonly pixels: number }[],
  suspectedPixels: number,
): { regions: number; pixels: number; share: number }[] {
  const counts = [...coverageCounts.filter((count) => count < lines.length), lines.length];
  let [taken, pixels] = [0, 0];
  return counts.map((regions) => {
    for (; taken < regions; taken++) pixels += (lines[taken] as { readonly pixels: number }).pixels;
    return { regions, pixels, share: suspectedPixels === 0 ? 0 : pixels / suspectedPixels };
  });
}

function sumOf(regions: readonly SuspectRegion[], key: 'expectedWrong' | 'pixels'): number {
  return regions.reduce((sum, region) => sum + region[key], 0);
}

function* mapped<From, To>(values: Iterable<From>, make: (value: From) => To): Generator<To> {
  for (const value of values) yield make(value);
}
