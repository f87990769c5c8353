/** Finds the folder for files that this package can make or fetch again. */

import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Returns the folder of programs' caches: `$XDG_CACHE_HOME` where it is an absolute path, `~/.cache` otherwise. */
export function userCacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const given = environment.XDG_CACHE_HOME;
  return given && isAbsolute(given) ? given : join(homedir(), '.cache');
}

/** Returns this package's cache of one sort of file, such as `weights`: `$XDG_CACHE_HOME/coarsely/weights`. */
export function cacheFolder(sort: string, environment: NodeJS.ProcessEnv = process.env): string {
  return join(userCacheFolder(environment), 'coarsely', sort);
}
