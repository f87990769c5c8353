/**
 * Reads exports of tools that keep a project in one file, and the files that other tools write beside images. The first byte
 * chooses which.
 */

import { basename, dirname } from 'node:path';
import { datumaro } from '#importers/json-projects/datumaro.js';
import { hasty } from '#importers/json-projects/hasty.js';
import { readFigure } from '#importers/json-projects/supervisely-figures.js';
import { readVocClasses } from '#importers/label-images/voc-classes.js';
import { labelStudio } from '#importers/label-studio/label-studio.js';
import { readDataFile } from '#importers/yolo/data-file.js';
import { readRows } from '#importers/yolo/label-rows.js';
import { drawImage, pictureSize, readAnnotations } from '../support/read-annotations.js';
import { ScratchFile } from '../support/scratch-file.js';
import { outcomeOf } from '../support/target.js';

const json = new ScratchFile('input.json');
const yaml = new ScratchFile('data.yaml');
const labelMap = new ScratchFile('labelmap.txt');
const textOf = (data: Uint8Array): string => Buffer.from(data).toString('utf8');

const readers: readonly ((data: Uint8Array) => Promise<void>)[] = [
  (data) => readAnnotations(labelStudio, json.write(data)),
  (data) => readAnnotations(datumaro, json.write(data)),
  (data) => readAnnotations(hasty, json.write(data)),
  async (data) => {
    const annotations = readRows(textOf(data), {
      ...pictureSize,
      names: new Map([[0, 'car']]),
      report: () => {},
    });
    drawImage({ annotations, source: 'a.txt' });
  },
  async (data) => {
    const path = yaml.write(data);
    await outcomeOf(() => readDataFile(dirname(path), basename(path)));
  },
  async (data) => {
    await outcomeOf(() => {
      const [type = '', ...rest] = textOf(data).split('\n');
      let object: unknown;
      try {
        object = JSON.parse(rest.join('\n'));
      } catch {
        return;
      }
      const shape = readFigure(object, { type, place: 'here' });
      if (typeof shape === 'string') return;
      drawImage({ annotations: [{ className: 'car', shape, place: 'objects[0]' }], source: 'a.json' });
    });
  },
  async (data) => {
    const path = labelMap.write(data);
    const files = new Set([basename(path)]);
    await outcomeOf(() => readVocClasses(dirname(path), { folder: '.', files }));
  },
];

/** Reads a file by one of the readers, and draws what it says. */
export async function fuzz(data: Uint8Array): Promise<void> {
  const [choice = 0] = data;
  await readers[choice % readers.length]?.(data.subarray(1));
}

/** Returns files of each tool with every shape. */
export function seeds(): Uint8Array[] {
  const points = [
    [10, 10],
    [90, 15],
    [90, 90],
    [-20, 70],
  ];
  const region = (type: string, value: object) => ({
    id: 'a',
    type,
    original_width: 24,
    original_height: 16,
    value: { ...value, [type]: ['car'] },
  });
  const box = { x: 10, y: 20, width: 30, height: 40, rotation: 30 };
  const results = [
    region('polygonlabels', { points }),
    region('rectanglelabels', box),
    region('ellipselabels', { x: 50, y: 50, radiusX: 20, radiusY: 30, rotation: 5 }),
    region('keypointlabels', { x: 5, y: 5, width: 1 }),
    region('brushlabels', { format: 'rle', rle: [0, 0, 6, 0, 56, 111, 17, 15, 240] }),
    { type: 'relation', from_id: 'a', to_id: 'b' },
  ];
  const task = {
    data: { image: '/data/upload/1/0a1b2c3d-a.jpg' },
    annotations: [{ result: results }],
    predictions: [],
  };
  const item = (annotations: readonly object[]) => ({
    categories: { label: { labels: [{ name: 'car' }] } },
    items: [{ id: 'a', image: { path: 'a.jpg', size: [16, 24] }, annotations }],
  });
  const datumaroShapes = [
    { type: 'polygon', label_id: 0, z_order: 1, points: points.flat() },
    { type: 'bbox', label_id: 0, bbox: [1, 2, 3, 4], attributes: { rotation: 20 } },
    { type: 'mask', label_id: 0, rle: { counts: [10, 4, 370], size: [16, 24] } },
    { type: 'ellipse', label_id: 0, points: [1, 2, 9, 8] },
    { type: 'points', label_id: 0, points: [1, 1] },
    { type: 'polyline', label_id: 0, points: [1, 1, 5, 5] },
  ];
  const hastyLabels = [
    { class_name: 'car', bbox: [1, 1, 3, 2], polygon: null, mask: [1, 1], z_index: 1 },
    { class_name: 'car', bbox: [1, 1, 3, 2], polygon: points, mask: null },
  ];
  const hastyFile = {
    label_classes: [{ class_name: 'car', color: '#1f78b44d' }],
    images: [{ image_name: 'a.jpg', dataset_name: 'one', width: 24, height: 16, labels: hastyLabels }],
  };
  const bitmap = {
    data: 'eJzrDPBz5+WS4mJgYOD19HAJAtKsQMzCyAwka/6mgyi2AJ8QVyD9////pTfn3wWyGEuC/IIZHJ7dSANyBDxdHEMq5iR7JMw48KGxkZmBI4DxJSvHoxigHIOnq5/LOqeEJgDl3Rvp',
    origin: [3, 4],
  };
  const texts: [number, string][] = [
    [0, JSON.stringify([task])],
    [
      0,
      JSON.stringify([
        {
          image: 'a.jpg',
          label: [{ points, polygonlabels: ['car'], original_width: 24, original_height: 16 }],
          annotation_id: 3,
        },
      ]),
    ],
    [0, JSON.stringify({ result: results, task: { data: { image: 's3://a/b.png' } } })],
    [1, JSON.stringify(item(datumaroShapes))],
    [2, JSON.stringify(hastyFile)],
    [3, '0 0.1 0.1 0.5 0.1 0.5 0.5\n0 0.5 0.5 0.2 0.2\r\n1 0.1 0.1 nan 0.1 0.5 0.5 0.9\n'],
    [4, "path: ../set\ntrain: [images/a, images/b]\nval: val.txt\nnames:\n  0: car\n  1: 'a tree'\n"],
    [4, 'names: [&a car, *a]\nnc: 2\n'],
    [5, `polygon\n${JSON.stringify({ points: { exterior: points, interior: [points] } })}`],
    [5, `rectangle\n${JSON.stringify({ points: { exterior: points, interior: [] } })}`],
    [5, `bitmap\n${JSON.stringify({ bitmap })}`],
    [6, '# label:color_rgb:parts:actions\nbackground:0,0,0::\ncar:10,128,0::\n'],
  ];
  return texts.map(([choice, text]) => Buffer.concat([Uint8Array.of(choice), Buffer.from(text)]));
}

export const dictionary = [
  '"annotations":[',
  '"result":[',
  '"was_cancelled":true',
  '"original_width":24',
  '"type":"brushlabels"',
  '"rle":{"counts":[1,2],"size":[16,24]}',
  '"items":[',
  '"label_classes":[',
  '"mask":[1,2,3]',
  '"bbox":[1,2,3,4]',
  '"exterior":[[1,2],[3,4]]',
  '"interior":[]',
  '"bitmap":{"origin":[0,0],"data":"',
  'data:image/png;base64,',
  'NaN',
  '-Infinity',
  '1e308',
  '\\ud800',
  '__proto__',
  'names:',
  'kpt_shape:',
  '<<: *a',
];
