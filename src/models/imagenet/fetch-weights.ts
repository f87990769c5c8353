/**
 * Fetches the published ImageNet weights of a backbone, once for all runs of a machine. Networks are created
 * synchronously, so weights are fetched before.
 */

import { homedir } from 'node:os';
import { join } from 'node:path';
import { CheckpointError, ConfigError, DownloadError } from '../../errors/index.js';
import {
  type DownloadOptions,
  type DownloadProgress,
  download,
  isSystemError,
  ownerName,
  systemErrorReason,
} from '../../files/index.js';
import type { ComponentSection } from '../../registry/index.js';
import {
  findWeights,
  type ImageNetWeights,
  namesInFolder,
  weightsFolder,
  weightsSource,
  weightsVariable,
} from './find-weights.js';
import { publishedFileOf, publishedFileOfKind } from './imagenet-option.js';
import type { PublishedFile } from './published-files.js';

/** Says how much of a file of weights has come. */
export interface WeightsProgress extends DownloadProgress {
  /** The name of the file. */
  readonly fileName: string;
  /** The URL that it comes from. */
  readonly url: string;
}

/** Configures `fetchImageNetWeights`. */
export interface FetchWeightsOptions
  extends Pick<DownloadOptions, 'stallMilliseconds' | 'attempts' | 'waitMilliseconds'> {
  /** Receives how much has come, for every piece that comes. */
  readonly onProgress?: ((progress: WeightsProgress) => void) | undefined;
  /** Receives a line about what was assumed, waited for or tried again. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/**
 * Returns the file of the ImageNet weights that are published for a kind of backbone, such as `mobilenet_v2`, and fetches
 * it first where this machine does not have it. It is kept in `$XDG_CACHE_HOME/coarsely/weights`.
 *
 * @throws {ConfigError} when no weights are published for the kind, or COARSELY_WEIGHTS_URL cannot be used
 * @throws {DownloadError} when the file cannot be fetched; the message says where to put it by hand
 * @throws {FileError} when the cache cannot be written
 */
export async function fetchImageNetWeights(
  kind: string,
  options: FetchWeightsOptions = {},
): Promise<ImageNetWeights> {
  return fetchPublished(publishedFileOfKind(kind), options);
}

/**
 * Fetches the weights of a backbone with `weights: imagenet`, and returns null for any other.
 *
 * @throws {ConfigError} when the published weights do not fit the backbone
 * @throws {DownloadError} when the file cannot be fetched
 * @throws {FileError} when the cache cannot be written
 */
export async function fetchWeightsOf(
  backbone: ComponentSection,
  options: FetchWeightsOptions = {},
): Promise<ImageNetWeights | null> {
  const published = publishedFileOf(backbone);
  return published && fetchPublished(published, options);
}

/**
 * Returns the backbone with the path of its file in place of `imagenet`, which must have been fetched.
 *
 * @throws {ConfigError} when it was not fetched, or does not fit the backbone
 */
export function withWeightsFile(backbone: ComponentSection): ComponentSection {
  const published = publishedFileOf(backbone);
  if (published === null) return backbone;
  const found = findWeights(published);
  if (found !== null) return { ...backbone, weights: found.file };
  throw new ConfigError(
    `model.backbone.weights: imagenet: ${published.fileName} is not on this machine yet; fetch it first, with ` +
      `coarsely weights ${published.kind} or await fetchImageNetWeights('${published.kind}')`,
  );
}

/** Returns the weights of a published file, fetched where this machine does not have them. */
export async function fetchPublished(
  published: PublishedFile,
  options: FetchWeightsOptions,
): Promise<ImageNetWeights> {
  const { onNotice } = options;
  const found = find(published, onNotice);
  if (found !== null) return found;
  const source = weightsSource();
  if (source.type === 'folder') {
    const [first, ...others] = namesInFolder(published);
    throw new ConfigError(
      `${weightsVariable}=${source.folder}: has no ImageNet weights of ${published.kind}; put ${first} from ` +
        `${published.url} (or ${others.join(' or ')}) there, or set model.backbone.weights=null for random weights`,
    );
  }
  const url = source.type === 'mirror' ? `${source.url}/${published.fileName}` : published.url;
  await fetchFile(published, { url, ...options });
  const fetched = find(published, onNotice);
  if (fetched === null) {
    throw new CheckpointError(
      `${join(weightsFolder(), published.fileName)}: was removed right after it was fetched; fetch it again`,
    );
  }
  return fetched;
}

/** Looks for weights, and names a file that cannot be read. */
function find(published: PublishedFile, onNotice: FetchWeightsOptions['onNotice']): ImageNetWeights | null {
  try {
    return findWeights(published, { onNotice });
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    throw new CheckpointError(
      `${cause.path ?? published.fileName}: cannot be read (${systemErrorReason(cause)})`,
      {
        cause,
      },
    );
  }
}

async function fetchFile(
  { fileName, sha256Prefix, url: publishedUrl }: PublishedFile,
  { url, onProgress, onNotice, ...limits }: FetchWeightsOptions & { readonly url: string },
): Promise<void> {
  try {
    await download({
      ...limits,
      url,
      path: join(weightsFolder(), fileName),
      sha256Prefix,
      onRetry: onNotice,
      onWait: (owner) => onNotice?.(`waiting for ${ownerName(owner)}, which fetches ${fileName}`),
      onProgress: (progress) => onProgress?.({ ...progress, fileName, url }),
    });
  } catch (error) {
    if (!(error instanceof DownloadError)) throw error;
    const { failure } = error;
    const begin = failure === 'network' ? `no network: ${error.message}` : error.message;
    throw new DownloadError(
      `${begin}; put ${fileName} from ${publishedUrl} into ${shown(weightsFolder())}, or set ${weightsVariable} to a ` +
        'mirror or a folder that has it, or model.backbone.weights=null for random weights',
      { cause: error, failure },
    );
  }
}

/** Returns a path with `~` for the user's own folder. */
function shown(path: string): string {
  const home = homedir();
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}
