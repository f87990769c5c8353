export { type ComponentSection, createComponent } from './create-component.js';
export { type Component, type Kinds, Registry } from './registry.js';
