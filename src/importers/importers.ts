/** Lists the annotation tools whose files are read. */

import { coco } from './coco/coco.js';
import { cvat } from './cvat/cvat.js';
import type { Importer } from './importer.js';
import { labelme } from './labelme/labelme.js';

/** Lists the importers in the order of messages. Where several recognize a source, a person chooses. */
export const importers: readonly Importer[] = [labelme, coco, cvat];
