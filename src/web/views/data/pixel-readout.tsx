/** Writes what the labels and the layer say of the pixel under the pointer. */

import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { DataAddress, Layer } from './data-address.js';
import { nameOf } from './layer-bar.js';
import { loadPixels, pixelText, type ReadPixel } from './pixel-values.js';

/** Configures `PixelReadout`. */
export interface PixelReadoutOptions {
  readonly facts: {
    readonly split: string;
    readonly name: string;
    readonly width: number;
    readonly height: number;
    readonly labels: readonly string[];
  };
  readonly address: DataAddress;
  readonly classes: readonly { readonly name: string }[];
  readonly children: ComponentChildren;
}

/** Shows a picture, and below it the column and row under the pointer with the values of all labels and of the layer. */
export function PixelReadout({ facts, address, classes, children }: PixelReadoutOptions) {
  const { split, name, width, height, labels: kinds } = facts;
  const { layer, run, labels } = address;
  const [readers, setReaders] = useState<readonly (readonly [Layer, ReadPixel])[]>([]);
  const [pixel, setPixel] = useState<{ readonly x: number; readonly y: number } | null>(null);
  const wanted: Layer[] = kinds.map((kind) => ({ kind: 'labels', labels: kind }));
  if (layer !== null && layer.kind !== 'labels') wanted.push(layer);
  const key = JSON.stringify([split, name, run, labels, wanted]);
  useEffect(() => {
    const abort = new AbortController();
    setReaders([]);
    for (const shown of wanted) {
      loadPixels({ split, name, layer: shown, run, labels }, abort.signal).then(
        (read) => {
          if (abort.signal.aborted) return;
          const place = ([other]: readonly [Layer, ReadPixel]) => wanted.indexOf(other);
          setReaders((known) => [...known, [shown, read] as const].sort((a, b) => place(a) - place(b)));
        },
        // The layer itself says what is wrong.
        () => undefined,
      );
    }
    return () => abort.abort();
  }, [key]);
  const move = (event: PointerEvent) => {
    const picture = (event.currentTarget as Element).querySelector('img');
    const box = picture?.getBoundingClientRect();
    if (box === undefined) return;
    // A picture that is not as wide or high as its box is in the middle of it.
    const scale = Math.min(box.width / width, box.height / height);
    const x = Math.floor((event.clientX - box.left - (box.width - scale * width) / 2) / scale);
    const y = Math.floor((event.clientY - box.top - (box.height - scale * height) / 2) / scale);
    setPixel(x >= 0 && y >= 0 && x < width && y < height ? { x, y } : null);
  };
  return (
    <div class="data-readout">
      <div class="data-picture" onPointerMove={move} onPointerLeave={() => setPixel(null)}>
        {children}
      </div>
      <output>
        {pixel === null
          ? 'Point at a pixel to read its values.'
          : [
              `column ${pixel.x}, row ${pixel.y}`,
              ...readers.map(
                ([shown, read]) =>
                  `${nameOf(shown)}: ${pixelText(read(pixel.x, pixel.y), { layer: shown, classes })}`,
              ),
            ].join(' · ')}
      </output>
    </div>
  );
}
