/**
 * Lists the labels of Cityscapes (Cordts et al. 2016): 34 ids in label files, 19 of which are classes to train and evaluate
 * on, in the order of their ids. Names, ids and colors are those of the official scripts (cityscapesscripts, labels.py).
 */

import { type Color, type DatasetClass, ignoreIndex } from '../../classes.js';

// The index of a label is its id. Labels with a color are classes, and all others are ignored.
const labels: readonly (readonly [name: string, color?: Color])[] = [
  ['unlabeled'],
  ['ego vehicle'],
  ['rectification border'],
  ['out of roi'],
  ['static'],
  ['dynamic'],
  ['ground'],
  ['road', [128, 64, 128]],
  ['sidewalk', [244, 35, 232]],
  ['parking'],
  ['rail track'],
  ['building', [70, 70, 70]],
  ['wall', [102, 102, 156]],
  ['fence', [190, 153, 153]],
  ['guard rail'],
  ['bridge'],
  ['tunnel'],
  ['pole', [153, 153, 153]],
  ['polegroup'],
  ['traffic light', [250, 170, 30]],
  ['traffic sign', [220, 220, 0]],
  ['vegetation', [107, 142, 35]],
  ['terrain', [152, 251, 152]],
  ['sky', [70, 130, 180]],
  ['person', [220, 20, 60]],
  ['rider', [255, 0, 0]],
  ['car', [0, 0, 142]],
  ['truck', [0, 0, 70]],
  ['bus', [0, 60, 100]],
  ['caravan'],
  ['trailer'],
  ['train', [0, 80, 100]],
  ['motorcycle', [0, 0, 230]],
  ['bicycle', [119, 11, 32]],
];

/** Lists the 19 classes of Cityscapes; the index of a class is its train id. */
export const cityscapesClasses: readonly DatasetClass[] = labels.flatMap(([name, color]) =>
  color === undefined ? [] : [{ name, color }],
);

/** Maps each id to its train id, or to 255 when it is ignored. */
export const trainIdOfId: readonly number[] = labels.map(([name, color]) =>
  color === undefined ? ignoreIndex : cityscapesClasses.findIndex((one) => one.name === name),
);

/** Maps each train id to its id, the value in label files and in files for the test server. */
export const idOfTrainId: readonly number[] = cityscapesClasses.map(({ name }) =>
  labels.findIndex(([other]) => other === name),
);

const trainIdOfName: ReadonlyMap<string, number> = new Map(
  labels.map(([name], id) => [name, trainIdOfId[id] as number]),
);

/** Lists the names that polygon files may use. */
export const cityscapesLabelNames: readonly string[] = [...trainIdOfName.keys()];

/** Returns whether polygons of this label are not painted. It has the id −1, and the label below it stays visible. */
export function isUndrawn(name: string): boolean {
  return name === 'license plate';
}

/**
 * Returns the train id of a label by name, or undefined for an unknown name. A group of objects that cannot be told apart
 * (`cargroup`) counts as its class, as in the official scripts.
 */
export function trainIdOf(name: string): number | undefined {
  return trainIdOfName.get(name) ?? trainIdOfName.get(name.replace(/group$/, ''));
}
