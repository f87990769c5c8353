/** Shows an image of the grid with what lies over it. */

import { imageAddress } from '../../pictures.js';
import { type DataAddress, openImage } from './data-address.js';
import type { ShownImage } from './image-pages.js';
import { useLayer } from './use-layer.js';

/** Is the width at which small pictures are made, for screens of two pixels a point. */
const pictureWidth = 400;

/** Configures `GridTile`. */
export interface GridTileOptions {
  readonly image: ShownImage;
  readonly address: DataAddress;
  /** Is called with the address of a picture that the browser could not load. */
  readonly onMissing: (address: string) => void;
}

/** Shows a small picture of an image, its name, and how much of it is labeled; a click looks at it alone. */
export function GridTile({ image, address, onMissing }: GridTileOptions) {
  const { name, coverage, score, problem } = image;
  const { split, layer, run, labels, opacity } = address;
  const over = useLayer(layer && { split, name, layer, run, labels, width: pictureWidth });
  const picture = imageAddress({ split, name, width: pictureWidth });
  const trouble = problem ?? over.error;
  const facts = [
    coverage === null ? null : `${percent(coverage)} labeled`,
    score === null ? null : `score ${percent(score)}`,
  ].filter((fact) => fact !== null);
  return (
    <button type="button" class="data-tile" data-name={name} onClick={() => openImage(name)}>
      <span class="data-tile-picture">
        <img src={picture} alt="" loading="lazy" decoding="async" onError={() => onMissing(picture)} />
        {over.source !== null && (
          <img
            class={`data-layer data-layer-${layer?.kind}`}
            src={over.source}
            alt=""
            style={{ opacity }}
            onError={({ currentTarget }) => currentTarget.classList.add('data-missing')}
          />
        )}
        {layer !== null && over.source === null && over.error === null && (
          <i class="data-waiting" aria-hidden="true" />
        )}
      </span>
      <span class="data-tile-name">{name}</span>
      <span
        class={trouble === null ? 'data-tile-facts' : 'data-tile-facts data-problem'}
        title={trouble ?? undefined}
      >
        {trouble ?? facts.join(' · ')}
      </span>
    </button>
  );
}

/** Writes a share in percent. */
export function percent(share: number): string {
  const value = 100 * share;
  return `${value > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0)} %`;
}
