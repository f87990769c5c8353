/** Lists the backbones that a config can name. A new backbone is one file and one line here. */

import { Registry } from '../registry/index.js';
import type { BackboneComponent } from './backbone.js';
import { mobileNetComponent } from './mobilenet/mobilenet.js';
import { resnestComponent } from './resnest/resnest.js';
import { resnetComponent } from './resnet/resnet.js';

/** Holds the backbones that a config can name. */
export const backbones = new Registry<BackboneComponent>('backbone', [
  resnetComponent(18),
  resnetComponent(34),
  resnetComponent(50),
  resnetComponent(101),
  resnestComponent(50),
  resnestComponent(101),
  mobileNetComponent('mobilenet_v2'),
  mobileNetComponent('mobilenet_v3_large'),
]);
