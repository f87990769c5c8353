/** Heads by the kind that a config names. */
import { type Component, Registry } from '../registry/index.js';
import { deepLabV3Plus } from './deeplab-v3-plus.js';
import { fcnHead } from './fcn-head.js';
import type { Head, HeadContext } from './head.js';
import { ocrHead } from './ocr-head.js';

/** Holds the heads that a config can name. */
export const heads = new Registry<Component<unknown, HeadContext, Head>>('head', [
  deepLabV3Plus,
  fcnHead,
  ocrHead,
]);
