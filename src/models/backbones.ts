/** Backbones by the kind that a config names. */
import { type Component, Registry } from '../registry/index.js';
import type { Backbone, BackboneContext } from './backbone.js';
import { resnestComponent } from './resnest/resnest-component.js';
import { resnetComponent } from './resnet/resnet-component.js';

/** Holds the backbones that a config can name. */
export const backbones = new Registry<Component<unknown, BackboneContext, Backbone>>('backbone', [
  resnetComponent(18),
  resnetComponent(34),
  resnetComponent(50),
  resnetComponent(101),
  resnestComponent(50),
  resnestComponent(101),
]);
