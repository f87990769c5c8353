/** Lists the heads that a config can name. A new head is one file and one line here. */

import { Registry } from '../registry/index.js';
import { deepLabV3PlusComponent } from './deeplab-v3-plus.js';
import { fcnHeadComponent } from './fcn-head.js';
import type { HeadComponent } from './head.js';
import { hypercolumnComponent } from './hypercolumn.js';
import { ocrHeadComponent } from './ocr-head.js';

/** Holds the heads that a config can name. */
export const heads = new Registry<HeadComponent>('head', [
  deepLabV3PlusComponent,
  fcnHeadComponent,
  ocrHeadComponent,
  hypercolumnComponent,
]);
