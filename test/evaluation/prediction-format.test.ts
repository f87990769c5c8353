/** Checks predictions in the formats of the datasets' test servers. */

import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ade20kClasses, cityscapesClasses } from 'coarsely/data';
import { predictInputs } from 'coarsely/evaluation';
import { decode } from 'fast-png';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { predictionFormat } from '#data/datasets/prediction-format.js';
import { BrightnessModel } from './brightness-model.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coarsely-format-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** An image of a dark and a bright pixel: classes 0 and 1. */
async function writeImage(name: string): Promise<void> {
  await mkdir(join(folder, 'images', name, '..'), { recursive: true });
  const pixels = Uint8Array.from([0, 0, 0, 255, 255, 255]);
  await sharp(pixels, { raw: { width: 2, height: 1, channels: 3 } })
    .png()
    .toFile(join(folder, 'images', name));
}

const predict = (kind: string, classes: typeof cityscapesClasses) =>
  predictInputs(new BrightnessModel(), [join(folder, 'images')], {
    output: join(folder, 'out'),
    classes,
    format: predictionFormat(kind, { classes }),
    precision: 'float32',
  });

const valuesOf = async (file: string) => {
  const png = decode(await readFile(join(folder, 'out/labels', file)));
  return [png.channels, png.depth, ...png.data];
};

describe('the format of a test server', () => {
  test('cityscapes: ids, in one folder, named like the image', async () => {
    const name = 'berlin_000000_000019_leftImg8bit';
    await writeImage(`berlin/${name}.png`);
    const { written } = await predict('cityscapes', cityscapesClasses);
    expect(written.map(({ labels }) => labels)).toEqual([join(folder, `out/labels/${name}.png`)]);
    expect(await valuesOf(`${name}.png`)).toEqual([1, 8, 7, 8]);
    expect(existsSync(join(folder, `out/overlays/berlin/${name}.jpg`))).toBe(true);
  });

  test('cityscapes: every train id has its id', () => {
    const { values } = predictionFormat('cityscapes', { classes: cityscapesClasses });
    expect(values).toEqual([7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33]);
  });

  test('cityscapes: refuses images that the server could not match, before anything is written', async () => {
    await writeImage('berlin/berlin_000000_000019_leftImg8bit.png');
    await writeImage('photo.png');
    await expect(predict('cityscapes', cityscapesClasses)).rejects.toThrow(
      `${join(folder, 'images/photo.png')}: the test server does not know an image of this name; expected CITY_SEQUENCE_FRAME`,
    );
    expect(existsSync(join(folder, 'out'))).toBe(false);
  });

  test('ade20k: one more than the class', async () => {
    await writeImage('ADE_test_00000001.jpg');
    await predict('ade20k', ade20kClasses);
    expect(await valuesOf('ADE_test_00000001.png')).toEqual([1, 8, 1, 2]);
    const { values } = predictionFormat('ade20k', { classes: ade20kClasses });
    expect(values).toEqual(Array.from({ length: 150 }, (_, index) => index + 1));
  });

  test('cityscapes: a network of another class order gets the id of each name', () => {
    const swapped = [...cityscapesClasses.slice(0, 17), ...cityscapesClasses.slice(17).reverse()];
    const { values } = predictionFormat('cityscapes', { classes: swapped });
    expect(values.slice(-3)).toEqual([31, 33, 32]);
  });

  test('fits a network of its classes only', () => {
    const format = (kind: string, classes: readonly { name: string }[]) => () =>
      predictionFormat(kind, { classes });
    expect(format('ade20k', cityscapesClasses)).toThrow(
      "format 'ade20k': expected a network of its 150 classes, this one has 19",
    );
    const renamed = cityscapesClasses.map((one, id) => (id === 17 ? { name: 'moped' } : one));
    expect(format('cityscapes', renamed)).toThrow(
      "format 'cityscapes': expected a network of its 19 classes, this one has 19: it lacks motorcycle; moped is unknown there",
    );
    expect(format('cityscape', cityscapesClasses)).toThrow(
      /^no prediction format 'cityscape'; did you mean cityscapes\?/,
    );
    expect(format('folder', cityscapesClasses)).toThrow(/^no prediction format 'folder' \(known: /);
  });
});
