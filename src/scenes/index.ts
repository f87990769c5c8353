export { type GeneratedScene, generateScene, type SceneOptions } from './generate-scene.js';
export { sceneClasses } from './scene-classes.js';
export { type WriteScenesOptions, type WriteScenesResult, writeScenes } from './write-scenes.js';
