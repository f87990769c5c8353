/** Answers a call with a kept picture; a browser that has it already is told so. */

import type { Context } from 'hono';
import type { PictureCache } from './picture-cache.js';

/** Says which picture a call gets. */
export interface PictureAnswer {
  readonly pictures: PictureCache;
  /** Holds everything that the picture depends on. */
  readonly key: Readonly<Record<string, unknown>>;
  readonly make: () => Promise<Uint8Array>;
  readonly type: 'image/jpeg' | 'image/png';
}

/** Returns the picture. The browser asks each time whether its copy is still good, as files may change under the page. */
export async function answerPicture(
  context: Context,
  { pictures, key, make, type }: PictureAnswer,
): Promise<Response> {
  const tag = pictures.tagOf(key);
  const headers = { 'cache-control': 'private, no-cache', etag: `"${tag}"` };
  if (context.req.header('if-none-match') === headers.etag) return context.body(null, 304, headers);
  const { bytes } = await pictures.get(key, { make, signal: context.req.raw.signal });
  return context.body(bytes, 200, { ...headers, 'content-type': type });
}
