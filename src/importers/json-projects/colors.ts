/** Reads colors as annotation tools write them. */

import type { Color } from '../../data/index.js';

/** Returns the color of `#RRGGBB`, also with an opacity after it, `#RRGGBBAA`; undefined for another text. */
export function hexColor(text: unknown): Color | undefined {
  const digits =
    typeof text === 'string' ? /^#([0-9a-f]{6})(?:[0-9a-f]{2})?$/i.exec(text.trim())?.[1] : undefined;
  if (digits === undefined) return undefined;
  const value = Number.parseInt(digits, 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
