/** Backbones by the kind that a config names. */
import { type Component, Registry } from '../registry/index.js';
import type { Backbone, BackboneContext } from './backbone.js';
import { resnetComponent } from './resnet/resnet-component.js';

export const backbones = new Registry<Component<unknown, BackboneContext, Backbone>>('backbone');
backbones.register('resnet18', resnetComponent(18));
backbones.register('resnet34', resnetComponent(34));
backbones.register('resnet50', resnetComponent(50));
backbones.register('resnet101', resnetComponent(101));
