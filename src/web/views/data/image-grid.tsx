/** Shows the images that fit as a grid, of which only the part in sight exists: 20 000 images scroll like twenty. */

import { useEffect, useRef, useState } from 'preact/hooks';
import type { DataAddress } from './data-address.js';
import { GridTile } from './grid-tile.js';
import type { ImagePages } from './image-pages.js';

const tileWidth = 190;
const gap = 10;
/** Counts the rows above and below those in sight that are made too. */
const rowsBeyond = 2;
/** Is the height of the text below a picture. */
const textHeight = 40;

/** Configures `ImageGrid`. */
export interface ImageGridOptions {
  readonly pages: ImagePages;
  readonly address: DataAddress;
}

/** Shows the grid. */
export function ImageGrid({ pages, address }: ImageGridOptions) {
  const frame = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, width: 800, height: 600 });
  pages.version.value;
  const count = pages.counts.value?.fitting ?? 0;
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const measure = () => {
      setView({ top: element.scrollTop, width: element.clientWidth, height: element.clientHeight });
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener('scroll', measure, { passive: true });
    measure();
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', measure);
    };
  }, []);

  const columns = Math.max(1, Math.floor((view.width + gap) / (tileWidth + gap)));
  const width = (view.width - (columns - 1) * gap) / columns;
  const rowHeight = Math.round(width * 0.62) + textHeight + gap;
  const rows = Math.ceil(count / columns);
  const firstRow = Math.max(0, Math.floor(view.top / rowHeight) - rowsBeyond);
  const lastRow = Math.min(rows, Math.ceil((view.top + view.height) / rowHeight) + rowsBeyond);
  const places = Array.from(
    { length: Math.max(0, Math.min(count, lastRow * columns) - firstRow * columns) },
    (_, place) => firstRow * columns + place,
  );
  return (
    <section
      ref={frame}
      class="data-grid"
      aria-label="Images"
      onKeyDown={(event) => moveFocus(event, columns)}
    >
      <div style={{ height: `${rows * rowHeight}px`, position: 'relative' }}>
        <div
          class="data-grid-rows"
          style={{
            transform: `translateY(${firstRow * rowHeight}px)`,
            gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
            gridAutoRows: `${rowHeight - gap}px`,
            gap: `${gap}px`,
          }}
        >
          {places.map((place) => {
            const image = pages.at(place);
            return image === undefined ? (
              <span key={place} class="data-tile data-tile-empty" />
            ) : (
              <GridTile
                key={image.name}
                image={image}
                address={address}
                onMissing={(picture) => void pages.explain(picture)}
              />
            );
          })}
        </div>
      </div>
    </section>
  );
}

/** Moves the focus from tile to tile by the arrow keys. */
function moveFocus(event: KeyboardEvent, columns: number): void {
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
  };
  const step = steps[event.key];
  const grid = event.currentTarget;
  if (step === undefined || !(grid instanceof HTMLElement)) return;
  const tiles = [...grid.querySelectorAll<HTMLElement>('button.data-tile')];
  const place = tiles.indexOf(document.activeElement as HTMLElement);
  const target = tiles[place + step];
  if (place < 0 || target === undefined) return;
  event.preventDefault();
  target.focus();
}
