/** Says how confidence and weight are written as bytes, 255 for pixels without a value. */

/** Stands for a pixel without a value. */
const noValueByte = 255;

/** Writes a confidence in [−1, 1]. */
export function byteOfConfidence(confidence: number): number {
  return Number.isNaN(confidence) ? noValueByte : Math.round((confidence + 1) * 127);
}

/** Reads a confidence in [−1, 1]; null for a pixel without one. */
export function confidenceOfByte(byte: number): number | null {
  return byte === noValueByte ? null : byte / 127 - 1;
}

/** Writes a weight, of which those from 2 on are one. */
export function byteOfWeight(weight: number): number {
  return Number.isNaN(weight) ? noValueByte : Math.round(Math.min(2, Math.max(0, weight)) * 127);
}

/** Reads a weight, where 2 means 2 or more; null for a pixel without one. */
export function weightOfByte(byte: number): number | null {
  return byte === noValueByte ? null : byte / 127;
}
