/** Makes small datasets in folders and in memory, and a small network, for the tests of feature tables. */

import { join } from 'node:path';
import { RandomStream, type Sample, type SegmentationDataset } from 'coarsely/data';
import { type Backbone, backbones } from 'coarsely/models';
import type { FeatureTableOptions } from 'coarsely/quick';
import { Generator } from 'coarsely/torch';
import { png, put, temporaryFolder, threeClasses } from '../data/dataset-folder.js';

export { temporaryFolder };

export const imageSize = { width: 70, height: 45 } as const;
const stages = ['stage1', 'stage2', 'stage3', 'stage4'] as const;

const backbonesOfTest: Backbone[] = [];

/** Frees the networks of a test. Each file registers it, because test files that run in one process share this module. */
export function disposeBackbones(): void {
  for (const backbone of backbonesOfTest.splice(0)) backbone.dispose();
}

/** Returns a ResNet-18 with drawn weights, which `disposeBackbones` frees. */
export function smallBackbone(seed = 0): Backbone {
  const generator = new Generator(seed);
  const component = backbones.get('resnet18');
  const backbone = component.create(component.options.parse({ outputStride: 16 }), { generator });
  generator.dispose();
  backbonesOfTest.push(backbone);
  return backbone.eval();
}

/** The pixels of image `index`, which differ from image to image. */
export function imageBytes(index: number): Uint8Array {
  const random = new RandomStream(index, [9]);
  return Uint8Array.from({ length: 3 * imageSize.width * imageSize.height }, () => random.integer(256));
}

/** The labels of image `index`: stripes of three classes, and a part that is not labeled. */
export function labelBytes(index: number): Uint8Array {
  const { width, height } = imageSize;
  return Uint8Array.from({ length: width * height }, (_, pixel) => {
    const x = pixel % width;
    return x < 10 ? 255 : Math.floor((x + index) / 13) % 3;
  });
}

/** Writes a dataset of `count` images and returns its section of a config. */
export async function writeImages(
  count: number,
): Promise<FeatureTableOptions['dataset'] & { readonly root: string }> {
  const root = await temporaryFolder();
  await put(join(root, 'classes.json'), JSON.stringify(threeClasses));
  for (let index = 0; index < count; index++) await writeImage(root, index, { content: index });
  return { kind: 'folder', root, split: 'train', labels: 'labels' };
}

/** Writes the image and labels of a sample, with the content of another one. */
export async function writeImage(
  root: string,
  index: number,
  { content }: { readonly content: number },
): Promise<void> {
  const [image, labels] = [imageBytes(content), labelBytes(content)];
  const name = `${String(index).padStart(3, '0')}.png`;
  await put(
    join(root, 'images/train', name),
    png({ ...imageSize, channels: 3, bytes: (place) => image[place] as number }),
  );
  await put(
    join(root, 'labels/train', name),
    png({ ...imageSize, channels: 1, bytes: (place) => labels[place] as number }),
  );
}

/** A dataset in memory, of images of one size that are made when they are read. */
export function memoryDataset(
  count: number,
  {
    width,
    height,
    labelOf = (pixel: number) => pixel % 3,
  }: { width: number; height: number; labelOf?: (pixel: number) => number },
): SegmentationDataset {
  return {
    classes: threeClasses.classes.map(({ name, color }) => ({
      name,
      color: color as [number, number, number],
    })),
    length: count,
    name: (index) => `image ${index}`,
    read: async (index): Promise<Sample> => ({
      name: `image ${index}`,
      width,
      height,
      image: Uint8Array.from({ length: 3 * width * height }, (_, place) => (place * 7 + index * 31) % 256),
      labels: Uint8Array.from({ length: width * height }, (_, pixel) => labelOf(pixel)),
    }),
  };
}

/** Options of a table over a dataset with the small network; lines of notices are collected. */
export function tableOptions(
  dataset: FeatureTableOptions['dataset'],
  { backbone = smallBackbone(), ...given }: Partial<FeatureTableOptions> = {},
): FeatureTableOptions & { readonly notices: string[] } {
  const notices: string[] = [];
  return {
    backbone,
    dataset,
    taps: stages,
    seed: 5,
    memoryMiB: 16,
    precision: 'float32',
    onNotice: (notice) => notices.push(notice),
    ...given,
    notices,
  };
}
