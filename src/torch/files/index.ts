export { readSafetensors, type SafetensorsContents, writeSafetensors } from './safetensors.js';
export { readStateDict, type StateDictContents } from './state-dict.js';
