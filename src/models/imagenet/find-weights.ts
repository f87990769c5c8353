/**
 * Looks for ImageNet weights on this machine: in the folder that COARSELY_WEIGHTS_URL names, in this package's cache and in
 * that of torch.hub.
 */

import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../../errors/index.js';
import { cacheFolder, isFile, sha256OfFile, userCacheFolder } from '../../files/index.js';
import type { PublishedFile } from './published-files.js';

/** Describes a file of ImageNet weights on this machine. */
export interface ImageNetWeights {
  /** The kind of backbone. */
  readonly kind: string;
  /** Path of the file. */
  readonly file: string;
  /** The file's SHA-256, 64 hexadecimal digits. */
  readonly sha256: string;
  /** True for the published file; false for a folder's own file, whose hash nobody published. */
  readonly published: boolean;
}

/** Names where weights come from: a folder of this machine, or the URL of the folder of a server. */
export type WeightsSource =
  | { readonly type: 'published' }
  | { readonly type: 'mirror'; readonly url: string }
  | { readonly type: 'folder'; readonly folder: string };

/** Names the variable that names a mirror or a folder of weights. */
export const weightsVariable = 'COARSELY_WEIGHTS_URL';

/**
 * Returns where weights come from, as COARSELY_WEIGHTS_URL says.
 *
 * @throws {ConfigError} when it names neither a server nor a folder that is there
 */
export function weightsSource(environment: NodeJS.ProcessEnv = process.env): WeightsSource {
  const text = environment[weightsVariable] ?? '';
  if (text === '') return { type: 'published' };
  if (/^https?:\/\//i.test(text)) {
    if (!URL.canParse(text)) throw unusable(text, 'is no URL');
    return { type: 'mirror', url: text.replace(/\/+$/, '') };
  }
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(text) && !text.startsWith('file:')) {
    throw unusable(text, 'is of another protocol');
  }
  const folder = text.startsWith('file:') ? pathOfUrl(text) : resolve(text);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw unusable(text, 'is no folder');
  }
  return { type: 'folder', folder };
}

function pathOfUrl(text: string): string {
  try {
    return fileURLToPath(text);
  } catch {
    throw unusable(text, 'is no URL of a folder of this machine');
  }
}

function unusable(text: string, reason: string): ConfigError {
  return new ConfigError(
    `${weightsVariable}=${text}: ${reason}; expected the https:// URL of a mirror, or a folder with files of weights`,
  );
}

/** Returns the folder in which fetched weights are kept: `$XDG_CACHE_HOME/coarsely/weights`. */
export function weightsFolder(): string {
  return cacheFolder('weights');
}

/** Returns the names under which a folder of the user's may hold weights, best first. */
export function namesInFolder({ fileName, kind }: PublishedFile): string[] {
  return [fileName, `${kind}-imagenet.safetensors`, `${kind}-imagenet.pth`];
}

/**
 * Returns the weights that are on this machine already; null when they have to be fetched.
 *
 * @param onNotice receives a line about a file that has the published name and other contents
 */
export function findWeights(
  published: PublishedFile,
  { onNotice }: { readonly onNotice?: ((notice: string) => void) | undefined } = {},
): ImageNetWeights | null {
  const source = weightsSource();
  const named =
    source.type === 'folder' ? namesInFolder(published).map((name) => join(source.folder, name)) : [];
  const cached = [weightsFolder(), torchHubFolder()].map((folder) => join(folder, published.fileName));
  for (const file of [...named, ...cached]) {
    if (!isFile(file)) continue;
    const sha256 = sha256OfFile(file);
    const isPublished = sha256.startsWith(published.sha256Prefix);
    const { kind, sha256Prefix } = published;
    if (isPublished || !file.endsWith(published.fileName)) {
      return { kind, file, sha256, published: isPublished };
    }
    onNotice?.(
      `${file}: is not the published file and is left aside (its SHA-256 begins with ` +
        `${sha256.slice(0, sha256Prefix.length)}, expected ${sha256Prefix})`,
    );
  }
  return null;
}

/** Returns the folder in which torch.hub keeps what torchvision fetched. */
function torchHubFolder(): string {
  const home = process.env.TORCH_HOME || join(userCacheFolder(), 'torch');
  return join(resolve(home), 'hub', 'checkpoints');
}
