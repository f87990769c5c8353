export { type GeneratedScene, generateScene, type SceneOptions } from './generate-scene.js';
export { sceneClasses } from './scene-classes.js';
