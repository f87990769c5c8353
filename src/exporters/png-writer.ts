/** Writes labels as gray PNGs whose values are class indices, 255 for pixels without a label, with the list of classes. */

import { join } from 'node:path';
import { encodeLabelPng } from '../data/index.js';
import { writeDurably } from '../files/index.js';
import { classesText } from '../importers/internal.js';
import type { ExportFormat } from './label-writer.js';

export const pngFormat: ExportFormat = {
  polygons: false,
  create: ({ folder, classes }) => ({
    add: async ({ split, name, labels, width, height }) => {
      await writeDurably(join(folder, split, `${name}.png`), encodeLabelPng(labels, { width, height }));
      return { shapes: 0, kept: 0 };
    },
    finish: () => writeDurably(join(folder, 'classes.json'), classesText(classes)),
  }),
};
