/** Keeps the token and the port of a workspace, so that an open page finds a server that was started again. */

import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson, temporarySuffix } from '../../files/index.js';

const identity = z.object({
  token: z.string().regex(/^[\w-]{43}$/),
  port: z.int().min(0).max(65535).default(0),
});

/** Holds the token of a server and the port that it had last; 0 for none. */
export type ServerIdentity = Readonly<z.output<typeof identity>>;

const fileName = 'server.json';

/** Reads the identity of a workspace from its cache folder; a new one is made where it is missing or damaged. */
export function readIdentity(cache: string): ServerIdentity {
  try {
    return identity.parse(parseJson(readFileSync(join(cache, fileName), 'utf8')));
  } catch {
    return { token: randomBytes(32).toString('base64url'), port: 0 };
  }
}

/** Writes the identity where only its owner can read it. */
export function writeIdentity(cache: string, given: ServerIdentity): void {
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  chmodSync(cache, 0o700);
  const path = join(cache, fileName);
  const whole = `${path}.${process.pid}${temporarySuffix}`;
  writeFileSync(whole, `${JSON.stringify(given)}\n`, { mode: 0o600 });
  renameSync(whole, path);
}
