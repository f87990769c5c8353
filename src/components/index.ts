// What the local page and the report show alike: functions of plain data that need neither Node nor a browser.
export { ClassChip, type ShownClass } from './class-chip.js';
export { byteOfConfidence, byteOfWeight, confidenceOfByte, weightOfByte } from './map-bytes.js';
