/** Shows one image as large as fits, with what lies over it and the values of the pixel under the pointer. */

import type { InferResponseType } from 'hono/client';
import { useEffect, useState } from 'preact/hooks';
import type { ShownClass } from '../../../components/index.js';
import { api, call } from '../../api.js';
import { useServerEvent } from '../../events.js';
import { useKeys } from '../../keys.js';
import { imageAddress } from '../../pictures.js';
import { type PictureLayer, PictureViewer } from '../../viewer/picture-viewer.js';
import { type DataAddress, type Layer, openImage } from './data-address.js';
import { percent } from './grid-tile.js';
import type { ImagePages } from './image-pages.js';
import { nameOf } from './layer-bar.js';
import { PixelReadout } from './pixel-readout.js';
import { useLayer } from './use-layer.js';

type Facts = InferResponseType<typeof api.data.image.$get, 200>;

/** Configures `LargeImage`. */
export interface LargeImageOptions {
  readonly address: DataAddress;
  readonly name: string;
  readonly pages: ImagePages;
  readonly classes: readonly ShownClass[];
}

/** Shows the image; the arrow keys go to its neighbors and Escape goes back to the grid. */
export function LargeImage({ address, name, pages, classes }: LargeImageOptions) {
  const { split, layer, run, labels, opacity } = address;
  const [facts, setFacts] = useState<Facts | null>(null);
  const [error, setError] = useState<string | null>(null);
  pages.version.value;
  const place = pages.indexOf(name);
  const before = place > 0 ? pages.at(place - 1)?.name : undefined;
  const after = place >= 0 ? pages.at(place + 1)?.name : undefined;
  const ask = () =>
    void call(api.data.image.$get({ query: { split, name } })).then(
      (found) => {
        setFacts(found);
        setError(null);
      },
      (reason: Error) => setError(reason.message),
    );
  useEffect(ask, [split, name]);
  useServerEvent('dataset', ask);
  const go = (target: string | undefined) => target !== undefined && openImage(target);
  useKeys({
    Escape: { label: 'back to the grid', run: () => openImage(null) },
    ArrowLeft: { label: 'image before', run: () => go(before) },
    ArrowRight: { label: 'next image', run: () => go(after) },
  });
  const hasLayer =
    layer !== null && (layer.kind !== 'labels' || facts?.labels.includes(layer.labels) === true);
  const over = useLayer(hasLayer && facts?.name === name ? { split, name, layer, run, labels } : null);
  const layers: PictureLayer[] = [
    { name: 'image', source: imageAddress({ split, name }), opacity: 1, kind: 'photo' },
    ...(over.source !== null && layer !== null
      ? [{ name: nameOf(layer), source: over.source, opacity, kind: kindOf(layer) }]
      : []),
  ];
  return (
    <section class="data-large" aria-label={name}>
      <div class="data-bar">
        <button type="button" onClick={() => openImage(null)}>
          Back to the grid <kbd>Esc</kbd>
        </button>
        <button type="button" disabled={before === undefined} onClick={() => go(before)}>
          Previous <kbd>←</kbd>
        </button>
        <button type="button" disabled={after === undefined} onClick={() => go(after)}>
          Next <kbd>→</kbd>
        </button>
        <strong>{name}</strong>
        {facts?.name === name && <span>{factsText(facts)}</span>}
        {layer !== null && facts?.name === name && !hasLayer && <span>no labels '{nameOf(layer)}'</span>}
        {hasLayer && over.source === null && over.error === null && <span role="status">predicting …</span>}
      </div>
      {[error, over.error].map(
        (text) =>
          text !== null && (
            <p key={text} role="alert">
              {text}
            </p>
          ),
      )}
      {facts?.name === name && error === null && (
        <PixelReadout facts={facts} address={address} classes={classes}>
          <PictureViewer
            width={facts.width}
            height={facts.height}
            label={`${name}, ${nameOf(layer)}`}
            layers={layers}
          />
        </PixelReadout>
      )}
    </section>
  );
}

function kindOf({ kind }: Layer): PictureLayer['kind'] {
  return kind === 'labels' || kind === 'prediction' ? 'labels' : 'map';
}

function factsText({ width, height, labels, audit }: Facts): string {
  return [
    `${width} × ${height}`,
    labels.length === 0 ? 'no labels' : labels.join(', '),
    ...(audit === null
      ? []
      : [
          `score ${percent(audit.score)}, ${audit.regions} suspect ${audit.regions === 1 ? 'region' : 'regions'}`,
        ]),
  ].join(' · ');
}
