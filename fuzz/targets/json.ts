/** Reads JSON files of datasets: polygons of Cityscapes, and lists of classes. The first byte chooses between them. */

import { readPolygonLabels } from '#data/datasets/cityscapes/polygon-file.js';
import { readClassList } from '#data/datasets/class-list.js';
import { ScratchFile } from '../support/scratch-file.js';
import { outcomeOf } from '../support/target.js';

const scratch = new ScratchFile('input.json');
// Larger label maps are slow to paint and show nothing new.
const mostPixels = 1 << 22;

/** Reads a file as polygons or as classes. */
export async function fuzz(data: Uint8Array): Promise<void> {
  const [form = 0] = data;
  const text = data.subarray(1);
  const path = scratch.write(text);
  if (form % 2 === 1) {
    await outcomeOf(() => readClassList(path));
    return;
  }
  if (isLarge(text)) return;
  const outcome = await outcomeOf(() => readPolygonLabels(path));
  if (!('value' in outcome)) return;
  const { width, height, labels } = outcome.value;
  if (labels.length !== width * height) throw new Error(`${labels.length} labels for ${width}×${height}`);
}

function isLarge(text: Uint8Array): boolean {
  const sides = [
    ...Buffer.from(text)
      .toString('latin1')
      .matchAll(/img(?:Width|Height)"\s*:\s*(\d+)/g),
  ];
  return sides.reduce((product, [, side]) => product * Number(side), 1) > mostPixels;
}

/** Returns polygon files and lists of classes. */
export function seeds(): Uint8Array[] {
  const polygon = [
    [1, 1],
    [9, 1.5],
    [9, 9],
    [-2, 7],
  ];
  const contents: [number, unknown][] = [
    [0, { imgWidth: 10, imgHeight: 12, objects: [{ label: 'road', polygon }] }],
    [
      0,
      {
        imgWidth: 10,
        imgHeight: 12,
        objects: [
          { label: 'cargroup', polygon, deleted: 0 },
          { label: 'sky', polygon: [], deleted: true },
          { label: 'license plate', polygon },
        ],
      },
    ],
    [1, [{ name: 'road' }, { name: 'sky', color: [1, 2, 3] }]],
    [1, { classes: [{ name: 'road' }], ignoreIndex: 0 }],
  ];
  return contents.map(([form, content]) =>
    Buffer.concat([Uint8Array.of(form), Buffer.from(JSON.stringify(content))]),
  );
}

export const dictionary = [
  '"imgWidth":',
  '"imgHeight":',
  '"objects":',
  '"label":',
  '"polygon":',
  '"deleted":',
  '"classes":',
  '"name":',
  '"color":',
  '"ignoreIndex":',
  '"road"',
  '[[1,2],[3,4]]',
  '1e308',
  '-0',
  'null',
  '\\ud800',
];
