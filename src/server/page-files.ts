/** Serves the built page: the files that lay in dist/web when it was asked for, and no other path. */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Hono } from 'hono';
import { getMimeType } from 'hono/utils/mime';
import { FileError } from '../errors/index.js';

const built = fileURLToPath(new URL('../web', import.meta.url));

/** Holds the files of the page by their path in its address. */
export interface PageFiles {
  /** Tells one built page from another. */
  readonly version: string;
  readonly routes: Hono;
}

/**
 * Lists the files of the built page.
 *
 * @throws {FileError} when it was not built
 */
export function openPage(folder: string = built): PageFiles {
  const files = new Map<string, string>();
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      files.set(`/${relative(folder, path).split(sep).join('/')}`, path);
    }
  } catch {
    // Told below, as a folder without the page is none either.
  }
  const index = files.get('/index.html');
  if (index === undefined) throw new FileError(`${folder}: the page is not built; run npm run build`);
  files.set('/', index);
  // Names of scripts and styles contain a digest of their content, so that the page's first file changes with any of them.
  const version = createHash('sha256').update(readFileSync(index)).digest('hex').slice(0, 16);
  const routes = new Hono().get('/*', async (context, next) => {
    const path = files.get(context.req.path);
    const content = path === undefined ? null : await readFile(path).catch(() => null);
    if (path === undefined || content === null) return next();
    const isNamedByContent = context.req.path.startsWith('/assets/');
    return context.body(Uint8Array.from(content), 200, {
      'content-type': getMimeType(path) ?? 'application/octet-stream',
      'cache-control': isNamedByContent ? 'private, max-age=31536000, immutable' : 'no-store',
    });
  });
  return { version, routes };
}
