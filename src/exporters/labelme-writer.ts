/** Writes labels as Labelme does: a JSON file with polygons beside each image, here in a folder of their own. */

import { dirname, join, relative } from 'node:path';
import { writeDurably } from '../files/index.js';
import { labelPolygons } from './label-polygons.js';
import type { ExportFormat } from './label-writer.js';
import { pointsOf, slashed } from './polygon-text.js';

/** Is the version of Labelme whose form is written. */
const version = '5.5.0';

export const labelmeFormat: ExportFormat = {
  polygons: true,
  create: ({ folder, output, classes, tolerance }) => ({
    add: async ({ split, name, image, labels, width, height }) => {
      const polygons = labelPolygons(labels, { width, height, tolerance, holes: 'cut' });
      const shapes = polygons.map(({ label, region, isPart, rings }) => ({
        label: classes[label]?.name,
        points: pointsOf(rings[0] ?? []),
        // Parts of one region are selected together.
        group_id: isPart ? region : null,
        description: '',
        shape_type: 'polygon',
        flags: {},
        mask: null,
      }));
      const file = join(split, `${name}.json`);
      const content = {
        version,
        flags: {},
        shapes,
        imagePath: slashed(relative(dirname(join(output, file)), image)),
        imageData: null,
        imageHeight: height,
        imageWidth: width,
      };
      await writeDurably(join(folder, file), `${JSON.stringify(content)}\n`);
      return { shapes: shapes.length, kept: polygons.filter(({ kept }) => kept).length };
    },
    // Labelme takes the classes that can be chosen from such a file: labelme --labels labels.txt
    finish: () => writeDurably(join(folder, 'labels.txt'), `${classes.map(({ name }) => name).join('\n')}\n`),
  }),
};
