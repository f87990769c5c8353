export { type Component, defineComponent } from './component.js';
export { type ComponentSectionOptions, componentSection } from './component-section.js';
export { type ComponentSection, createComponent } from './create-component.js';
export { parseOptions } from './parse-options.js';
export { type Kinds, Registry } from './registry.js';
