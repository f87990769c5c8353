/**
 * Gives the pictures that lie over the images. A network takes seconds for an image, and a browser has six connections, so
 * only two of its pictures are waited for at a time, those asked for last first.
 */

import { labelsAddress } from '../../pictures.js';
import type { Layer } from './data-address.js';

/** Names a picture over an image. */
export interface LayerPicture {
  readonly split: string;
  readonly name: string;
  readonly layer: Layer;
  /** Names the run that predicts. */
  readonly run: string | null;
  /** Names the labels that weights are computed for. */
  readonly labels: string;
  readonly width?: number;
  readonly form?: 'colors' | 'values';
}

/** Returns the address of a picture; null where a run is needed and there is none. */
export function layerAddress({
  layer,
  run,
  labels,
  form = 'colors',
  width,
  ...image
}: LayerPicture): string | null {
  if (layer.kind === 'labels') {
    return labelsAddress({ ...image, labels: layer.labels, form, ...(width !== undefined && { width }) });
  }
  if (run === null) return null;
  const query = new URLSearchParams({ ...image, run, labels, form, layer: layer.kind });
  if (width !== undefined) query.set('width', String(Math.round(width)));
  return `/api/data/layer?${query}`;
}

interface Waiting {
  readonly begin: () => void;
  readonly signal: AbortSignal;
}

const together = 2;
const waiting: Waiting[] = [];
let busy = 0;

/**
 * Fetches a picture when it is its turn and returns an address for it that must be revoked.
 *
 * @throws {Error} with the server's sentence when it has none, or when `signal` aborts
 */
export async function fetchPicture(address: string, signal: AbortSignal): Promise<string> {
  if (busy >= together) await new Promise<void>((begin) => waiting.push({ begin, signal }));
  signal.throwIfAborted();
  busy++;
  try {
    const response = await fetch(address, { signal });
    if (response.ok) return URL.createObjectURL(await response.blob());
    const { error } = (await response.json().catch(() => ({}))) as { readonly error?: string };
    throw new Error(error ?? `the server answered with status ${response.status}`);
  } finally {
    busy--;
    next();
  }
}

function next(): void {
  for (let last = waiting.pop(); last !== undefined; last = waiting.pop()) {
    last.begin();
    // One whose reader is gone ends by itself and takes no turn.
    if (!last.signal.aborted) return;
  }
}
