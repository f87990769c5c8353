/** Backbones by the kind that a config names. */
import { type Component, Registry } from '../registry/index.js';
import type { Backbone, BackboneContext } from './backbone.js';
import { resnestComponent } from './resnest/resnest-component.js';
import { resnetComponent } from './resnet/resnet-component.js';

export const backbones = new Registry<Component<unknown, BackboneContext, Backbone>>('backbone');
backbones.register('resnet18', resnetComponent(18));
backbones.register('resnet34', resnetComponent(34));
backbones.register('resnet50', resnetComponent(50));
backbones.register('resnet101', resnetComponent(101));
backbones.register('resnest50', resnestComponent(50));
backbones.register('resnest101', resnestComponent(101));
