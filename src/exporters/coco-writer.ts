/**
 * Writes labels in the form of COCO: one file for each split, in which each connected region is an annotation. A region with
 * holes is a mask by run lengths, as polygons of COCO have none.
 */

import { join, relative } from 'node:path';
import type { DatasetClass, Size } from '../data/index.js';
import { fillRings, formatRuns, maskRuns } from '../geometry/index.js';
import { GrowingFile } from './growing-file.js';
import { type LabelPolygon, labelPolygons } from './label-polygons.js';
import type {
  ExportedImage,
  ExportFormat,
  LabelWriter,
  WriterContext,
  WrittenShapes,
} from './label-writer.js';
import { slashed } from './polygon-text.js';

export const cocoFormat: ExportFormat = {
  polygons: true,
  create: (context) => new CocoWriter(context),
};

class CocoWriter implements LabelWriter {
  readonly #context: WriterContext;
  #current: { readonly split: string; readonly file: GrowingFile } | null = null;
  #images: unknown[] = [];
  #annotations = 0;

  constructor(context: WriterContext) {
    this.#context = context;
  }

  async add({ split, image, labels, width, height }: ExportedImage): Promise<WrittenShapes> {
    const { output, tolerance } = this.#context;
    const file = await this.#fileOf(split);
    const id = this.#images.length + 1;
    this.#images.push({ id, file_name: slashed(relative(output, image)), width, height });
    const polygons = labelPolygons(labels, { width, height, tolerance, holes: 'rings' });
    for (const polygon of polygons) {
      const annotation = {
        id: ++this.#annotations,
        image_id: id,
        ...annotationOf(polygon, { width, height }),
      };
      await file.write(`${this.#annotations === 1 ? '' : ',\n'}${JSON.stringify(annotation)}`);
    }
    return { shapes: polygons.length, kept: polygons.filter(({ kept }) => kept).length };
  }

  async finish(): Promise<void> {
    await this.#end();
  }

  /** Returns the file of a split; that of the split before is ended. */
  async #fileOf(split: string): Promise<GrowingFile> {
    if (this.#current?.split === split) return this.#current.file;
    await this.#end();
    const { folder, classes, tolerance } = this.#context;
    const file = await GrowingFile.create(join(folder, fileName(split)));
    this.#current = { split, file };
    const info = { description: `Labels of coarsely; polygons follow them within ${tolerance} pixels` };
    const categories = classes.map(categoryOf);
    await file.write(
      `{"info":${JSON.stringify(info)},\n"licenses":[],\n"categories":${JSON.stringify(categories)},\n"annotations":[\n`,
    );
    return file;
  }

  async #end(): Promise<void> {
    if (this.#current === null) return;
    const images = this.#images.map((image) => JSON.stringify(image)).join(',\n');
    await this.#current.file.write(`],\n"images":[\n${images}]}\n`);
    await this.#current.file.end();
    this.#current = null;
    this.#images = [];
    this.#annotations = 0;
  }
}

function fileName(split: string): string {
  return split === '.' ? 'instances.json' : `instances_${split}.json`;
}

/** Numbers categories from 1, as many programs take 0 for the background. */
function categoryOf({ name, color }: DatasetClass, index: number): unknown {
  return { id: index + 1, name, supercategory: '', color };
}

function annotationOf({ label, rings, area }: LabelPolygon, size: Size): object {
  const [outline = []] = rings;
  return {
    category_id: label + 1,
    segmentation: rings.length === 1 ? [outline] : runsOf(rings, size),
    area,
    bbox: boxOf(rings),
    iscrowd: 0,
  };
}

function runsOf(rings: LabelPolygon['rings'], { width, height }: Size): unknown {
  const mask = new Uint8Array(width * height);
  fillRings(mask, { rings, value: 1, width, height });
  return { size: [height, width], counts: formatRuns(maskRuns(mask, { width, height })) };
}

function boxOf(rings: LabelPolygon['rings']): [left: number, top: number, width: number, height: number] {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const ring of rings) {
    for (let place = 0; place < ring.length; place += 2) {
      left = Math.min(left, ring[place] as number);
      right = Math.max(right, ring[place] as number);
      top = Math.min(top, ring[place + 1] as number);
      bottom = Math.max(bottom, ring[place + 1] as number);
    }
  }
  return [left, top, right - left, bottom - top];
}
