/** Keeps what the view of the data shows in the address: a reload, a bookmark and the way back come to the same. */

import { currentAddress, setParameters } from '../../navigation.js';

/** Names what lies over the images: labels of a folder, or what the network of a run makes of them. */
export type Layer =
  | { readonly kind: 'labels'; readonly labels: string }
  | { readonly kind: 'prediction' | 'confidence' | 'weight' };

/** Says what the view shows. */
export interface DataAddress {
  readonly split: string;
  /** Names the labels that filters read and weights are computed for. */
  readonly labels: string;
  /** Is null where the images are bare. */
  readonly layer: Layer | null;
  /** Is in [0, 1]. */
  readonly opacity: number;
  /** Names the run that predicts; null where there is none. */
  readonly run: string | null;
  /** Names the image that is looked at alone; null for the grid. */
  readonly image: string | null;
  /** Holds the filter as the server takes it. */
  readonly filter: Readonly<Record<string, string>>;
}

/** Names the parameters that choose and order images. */
const filterKeys = [
  'search',
  'class',
  'leastCoverage',
  'mostCoverage',
  'leastScore',
  'unreadable',
  'sort',
  'order',
] as const;

/** Reads the address; what it does not say is as given. */
export function readDataAddress(given: {
  readonly split: string;
  readonly labels: string;
  readonly run: string | null;
}): DataAddress {
  const { parameters } = currentAddress.value;
  const get = (name: string) => parameters.get(name);
  const opacity = Number(get('opacity') ?? '0.55');
  const filter: Record<string, string> = {};
  for (const key of filterKeys) {
    const value = get(key);
    if (value !== null && value !== '') filter[key] = value;
  }
  const labels = get('labels') ?? given.labels;
  return {
    split: get('split') ?? given.split,
    ...{ labels, filter },
    layer: layerOf(get('layer') ?? `labels:${labels}`),
    opacity: opacity >= 0 && opacity <= 1 ? opacity : 0.55,
    run: get('run') ?? given.run,
    image: get('image'),
  };
}

/** Writes a layer as the address holds it. */
export function layerText(layer: Layer | null): string {
  if (layer === null) return 'none';
  return layer.kind === 'labels' ? `labels:${layer.labels}` : layer.kind;
}

/** Reads a layer as the address holds it; null for none. */
function layerOf(text: string): Layer | null {
  if (text.startsWith('labels:')) return { kind: 'labels', labels: text.slice('labels:'.length) };
  return text === 'prediction' || text === 'confidence' || text === 'weight' ? { kind: text } : null;
}

/** Changes the address without a step in the browser's history, as for a filter. */
export function changeData(changes: Readonly<Record<string, string | null>>): void {
  setParameters(changes, { replace: true });
}

/** Shows an image alone, or the grid for null, as a step in the browser's history. */
export function openImage(name: string | null, { split }: { readonly split?: string } = {}): void {
  setParameters({ image: name, ...(split !== undefined && { split }) });
}
