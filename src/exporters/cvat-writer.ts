/**
 * Writes labels as "CVAT for images 1.1": one XML file with all images. Images are named by their path below the dataset's
 * folder of images, which is what CVAT calls them when that folder is uploaded.
 */

import { join, relative } from 'node:path';
import type { DatasetClass } from '../data/index.js';
import { GrowingFile } from './growing-file.js';
import { type LabelPolygon, labelPolygons } from './label-polygons.js';
import type {
  ExportedImage,
  ExportFormat,
  LabelWriter,
  WriterContext,
  WrittenShapes,
} from './label-writer.js';
import { pointsOf, slashed } from './polygon-text.js';

export const cvatFormat: ExportFormat = {
  polygons: true,
  create: (context) => new CvatWriter(context),
};

class CvatWriter implements LabelWriter {
  readonly #context: WriterContext;
  #file: GrowingFile | null = null;
  #images = 0;
  #groups = 0;

  constructor(context: WriterContext) {
    this.#context = context;
  }

  async add({ split, image, labels, width, height }: ExportedImage): Promise<WrittenShapes> {
    const { images, tolerance } = this.#context;
    const file = await this.#open();
    const polygons = labelPolygons(labels, { width, height, tolerance, holes: 'cut' });
    const name = slashed(relative(images, image));
    const subset = split === '.' ? '' : ` subset=${quoted(split)}`;
    await file.write(
      `  <image id="${this.#images++}" name=${quoted(name)}${subset} width="${width}" height="${height}">\n`,
    );
    const groups = new Map<number, number>();
    for (const polygon of polygons) await file.write(this.#polygon(polygon, groups));
    await file.write('  </image>\n');
    return { shapes: polygons.length, kept: polygons.filter(({ kept }) => kept).length };
  }

  async finish(): Promise<void> {
    const file = await this.#open();
    await file.write('</annotations>\n');
    await file.end();
  }

  #polygon({ label, region, isPart, rings, kept }: LabelPolygon, groups: Map<number, number>): string {
    // Groups are numbered over the whole task; parts of one region share a number.
    if (isPart && !groups.has(region)) groups.set(region, ++this.#groups);
    const group = isPart ? ` group_id="${groups.get(region)}"` : '';
    const points = pointsOf(rings[0] ?? []).map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`);
    const name = quoted(this.#context.classes[label]?.name ?? '');
    return (
      `    <polygon label=${name} source="manual" occluded="0" points="${points.join(';')}" ` +
      `z_order="${kept ? 1 : 0}"${group}>\n    </polygon>\n`
    );
  }

  async #open(): Promise<GrowingFile> {
    if (this.#file !== null) return this.#file;
    this.#file = await GrowingFile.create(join(this.#context.folder, 'annotations.xml'));
    const labels = this.#context.classes.map(labelElement).join('');
    await this.#file.write(
      `<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n` +
        `  <!-- Polygons follow the labels within ${this.#context.tolerance} pixels. -->\n` +
        `  <meta>\n    <task>\n      <labels>\n${labels}      </labels>\n    </task>\n  </meta>\n`,
    );
    return this.#file;
  }
}

function labelElement({ name, color }: DatasetClass): string {
  const hex = color.map((value) => value.toString(16).padStart(2, '0')).join('');
  return (
    `        <label>\n          <name>${escaped(name)}</name>\n          <color>#${hex}</color>\n` +
    '          <type>any</type>\n          <attributes>\n          </attributes>\n        </label>\n'
  );
}

function quoted(text: string): string {
  return `"${escaped(text)}"`;
}

/** Escapes text of an element or attribute. Characters that XML cannot hold at all become a replacement character. */
function escaped(text: string): string {
  return Array.from(text, (character) => {
    const code = character.codePointAt(0) as number;
    const isForbidden =
      (code < 32 && code !== 9 && code !== 10 && code !== 13) ||
      (code >= 0xd800 && code < 0xe000) ||
      code === 0xfffe ||
      code === 0xffff;
    if (isForbidden) return '\ufffd';
    return /[&<>"'\t\n\r]/.test(character) ? `&#${code};` : character;
  }).join('');
}
