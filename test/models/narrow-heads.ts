/** Options that keep heads small. */

/** Returns the option `channels` for heads that have it; a hypercolumn has none and is small by default. */
export function narrowHead(kind: string, channels: number): { readonly channels?: number } {
  return kind === 'hypercolumn' ? {} : { channels };
}
