/** Lists the annotation tools whose files are read. */

import { coco } from './coco/coco.js';
import { cvat } from './cvat/cvat.js';
import type { Importer } from './importer.js';
import { datumaro } from './json-projects/datumaro.js';
import { hasty } from './json-projects/hasty.js';
import { supervisely } from './json-projects/supervisely.js';
import { cityscapes } from './label-images/cityscapes.js';
import { pascalVoc } from './label-images/pascal-voc.js';
import { roboflow } from './label-images/roboflow.js';
import { labelStudio } from './label-studio/label-studio.js';
import { labelme } from './labelme/labelme.js';
import { masks } from './masks/masks.js';
import { yolo } from './yolo/yolo.js';

/** Lists the importers in the order of messages. Where several recognize a source, a person chooses. */
export const importers: readonly Importer[] = [
  labelme,
  coco,
  cvat,
  yolo,
  labelStudio,
  roboflow,
  pascalVoc,
  cityscapes,
  supervisely,
  datumaro,
  hasty,
  masks,
];
