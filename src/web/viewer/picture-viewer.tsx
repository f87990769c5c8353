/** Shows an image with layers over it, to be looked at closely and drawn upon. */

import './picture-viewer.css';
import { usePictureInput } from './use-picture-input.js';
import type { PictureViewerOptions } from './viewer-options.js';

export type { PictureLayer, PictureViewerOptions } from './viewer-options.js';

/** Shows an image with its layers, to be moved, enlarged and drawn upon. */
export function PictureViewer(options: PictureViewerOptions) {
  const { width, height, label, layers, regions = [], cross = null, tool = 'move', brushSize = 9 } = options;
  const { frame, view, points, cursor, reset, zoom } = usePictureInput(options);
  const { left, top, scale } = view;
  const line = points.map(({ x, y }) => `${x},${y}`).join(' ');
  const mark = cursor ?? (cross && { x: cross.x + 0.5, y: cross.y + 0.5 });
  const arm = 12 / scale;
  return (
    <figure class="picture-viewer" aria-label={label}>
      <div
        ref={frame}
        class={`picture-frame tool-${tool}`}
        role="application"
        aria-label={`${label}: picture`}
      >
        <div
          class="picture-content"
          style={{
            width: `${width}px`,
            height: `${height}px`,
            transform: `translate(${left}px, ${top}px) scale(${scale})`,
          }}
        >
          {layers.map(({ name, source, opacity, kind }) => (
            <img
              key={name}
              src={source}
              alt=""
              draggable={false}
              class={kind === 'labels' || scale > 3 ? 'crisp' : undefined}
              style={{ opacity }}
            />
          ))}
          <svg viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
            {regions.map(({ rings, color }) => (
              <path key={`${color}:${rings.join(';')}`} d={pathOf(rings)} stroke={color} />
            ))}
            {tool === 'brush' && points.length > 0 && (
              <polyline
                class="stroke"
                points={points.length === 1 ? `${line} ${line}` : line}
                stroke-width={brushSize}
              />
            )}
            {tool === 'polygon' && points.length > 0 && <polyline class="drawn" points={line} />}
            {mark !== null && (
              <path
                class="cross"
                d={`M${mark.x - arm} ${mark.y}h${arm * 0.7}m${arm * 0.6} 0h${arm * 0.7}M${mark.x} ${mark.y - arm}v${arm * 0.7}m0 ${arm * 0.6}v${arm * 0.7}`}
              />
            )}
          </svg>
        </div>
      </div>
      <div class="picture-buttons">
        <button type="button" aria-label="Enlarge" title="Enlarge (+)" onClick={() => zoom(1.25)}>
          +
        </button>
        <button type="button" aria-label="Make smaller" title="Make smaller (-)" onClick={() => zoom(0.8)}>
          −
        </button>
        <button type="button" title="Show as at first (0)" onClick={() => reset()}>
          Fit
        </button>
      </div>
    </figure>
  );
}

function pathOf(rings: readonly (readonly number[])[]): string {
  return rings
    .map((ring) =>
      `M${ring.map((value, index) => `${value}${index % 2 === 0 ? ' ' : 'L'}`).join('')}`.replace(/L$/, 'Z'),
    )
    .join('');
}
