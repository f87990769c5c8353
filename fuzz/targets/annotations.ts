/** Reads files of annotation tools and draws what they say. The first byte chooses the tool. */

import type { Importer } from 'coarsely/importers';
import { coco } from '#importers/coco/coco.js';
import { cvat } from '#importers/cvat/cvat.js';
import { labelme } from '#importers/labelme/labelme.js';
import { readAnnotations } from '../support/read-annotations.js';
import { ScratchFile } from '../support/scratch-file.js';

const json = new ScratchFile('input.json');
const xml = new ScratchFile('input.xml');
const readers: readonly (readonly [Importer, ScratchFile])[] = [
  [labelme, json],
  [coco, json],
  [cvat, xml],
];
/** Reads a file by one of the readers, and draws each image. */
export async function fuzz(data: Uint8Array): Promise<void> {
  const [choice = 0] = data;
  const [importer, file] = readers[choice % readers.length] ?? [labelme, json];
  await readAnnotations(importer, file.write(data.subarray(1)));
}

/** Returns files of each tool with every shape. */
export function seeds(): Uint8Array[] {
  const points = [
    [1, 1],
    [9, 1.5],
    [9, 9],
    [-2, 7],
  ];
  const mask = 'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACAQAAAAC1D1u3AAAADElEQVR4nGNYwPAAAALEAYHpfieFAAAAAElFTkSuQmCC';
  const types = ['polygon', 'rectangle', 'circle', 'line', 'linestrip', 'point', 'points', 'mask'];
  const shapes = types.map((type, index) => ({
    label: `class ${index % 3}`,
    points: type === 'polygon' ? points : points.slice(0, 2),
    shape_type: type,
    mask,
  }));
  const cocoFile = (segmentation: unknown) => ({
    images: [{ id: 1, file_name: 'a.jpg', width: 24, height: 16 }],
    annotations: [
      { image_id: 1, category_id: 2, segmentation, bbox: [1, 2, 3, 4], keypoints: [1, 2, 2], iscrowd: 0 },
    ],
    categories: [{ id: 2, name: 'car', supercategory: 'none' }],
  });
  const cvatFile = (content: string) =>
    `<?xml version="1.0" encoding="utf-8"?><annotations><meta><task><size>1</size><labels><label><name>car</name><color>#0a141e</color></label></labels></task></meta><image name="a.png" width="24" height="16" subset="Train">${content}</image></annotations>`;
  const texts: [number, string][] = [
    [0, JSON.stringify({ shapes, imagePath: '..\\a.jpg', imageData: mask, imageWidth: 24, imageHeight: 16 })],
    [0, '{"shapes": [{"label": "a", "points": [[NaN, 1], [2, Infinity], [3, 4]]}]}'],
    [1, JSON.stringify(cocoFile([points.flat(), points.flat()]))],
    [1, JSON.stringify(cocoFile({ size: [16, 24], counts: [10, 4, 370] }))],
    [1, JSON.stringify(cocoFile({ size: [10, 16], counts: 'l237NJ060J062l0' }))],
    [1, JSON.stringify(cocoFile([]))],
    [
      2,
      cvatFile('<polygon label="car" points="1,1;9,1.5;9,9" z_order="1"/><points label="car" points="1,1"/>'),
    ],
    [
      2,
      cvatFile(
        '<box label="car" xtl="1" ytl="2" xbr="3" ybr="4" rotation="30"><attribute name="a">b</attribute></box>',
      ),
    ],
    [
      2,
      cvatFile(
        '<ellipse label="car" cx="5" cy="5" rx="3" ry="2" rotation="4"/><mask label="car" rle="1, 2, 1" left="1" top="1" width="2" height="2"/>',
      ),
    ],
    [
      2,
      cvatFile('<skeleton label="car"><points label="head" points="1,2"/></skeleton><!-- a --><![CDATA[b]]>'),
    ],
  ];
  return texts.map(([choice, text]) => Buffer.concat([Uint8Array.of(choice), Buffer.from(text)]));
}

export const dictionary = [
  '"shapes":',
  '"shape_type":"circle"',
  '"points":[[1,2],[3,4]]',
  '"imageData":',
  '"mask":',
  '"annotations":[',
  '"segmentation":{"size":[16,24],"counts":',
  '"image_id":',
  '"iscrowd":1',
  'NaN',
  '-Infinity',
  '1e308',
  '\\ud800',
  '__proto__',
  '<annotations>',
  '<image name="a" width="1" height="1">',
  '<polygon label="a" points="',
  '<mask label="a" rle="1,1" left="0" top="0" width="2" height="1"/>',
  ' rotation="',
  '<track>',
  '<!DOCTYPE a [<!ENTITY b "c">]>',
  '&#x110000;',
  '<![CDATA[',
  '-->',
];
