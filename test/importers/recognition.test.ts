/** Each tool's files are recognized as those of that tool and of no other. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { listSource, recognizeSource } from 'coarsely/importers';
import { afterAll, beforeAll, expect, test } from 'vitest';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'coarsely-recognition-'));
});
afterAll(() => rmSync(root, { recursive: true }));

const polygons = '{"imgWidth": 2, "imgHeight": 2, "objects": []}';
const sources: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  [
    'yolo',
    { 'data.yaml': 'names: [car]\ntrain: images\n', 'images/a.jpg': '', 'labels/a.txt': '0 0 0 1 0 1 1' },
  ],
  [
    'label-studio',
    { 'export.json': '[{"id": 1, "data": {"image": "a.jpg"}, "annotations": []}]', 'a.jpg': '' },
  ],
  ['roboflow-masks', { '_classes.csv': 'Pixel Value, Class\n0, car\n', 'a.jpg': '', 'a_mask.png': '' }],
  ['voc', { 'JPEGImages/a.jpg': '', 'SegmentationClass/a.png': '', 'labelmap.txt': 'car:0,0,0::' }],
  [
    'cityscapes',
    { 'gtFine/train/ulm/a_gtFine_polygons.json': polygons, 'gtFine/train/ulm/a_gtFine_color.png': '' },
  ],
  [
    'supervisely',
    {
      'meta.json': '{"classes": [{"title": "car"}]}',
      'one/ann/a.jpg.json': '{"size": {}, "objects": []}',
      'one/img/a.jpg': '',
    },
  ],
  [
    'datumaro',
    { 'annotations/a.json': '{"info": {}, "categories": {}, "items": [{"id": "a", "annotations": []}]}' },
  ],
  [
    'hasty',
    {
      'a.json':
        '{"label_classes": [], "images": [{"image_name": "a.jpg", "width": 1, "height": 1, "labels": []}]}',
    },
  ],
];

test.each(sources)('%s', async (format, files) => {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, format, path)), { recursive: true });
    writeFileSync(join(root, format, path), content);
  }
  const { importer } = await recognizeSource(await listSource(join(root, format)));
  expect(importer.format).toBe(format);
});
