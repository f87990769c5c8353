/** Chooses what lies over the images, and how strongly. */

import type { ShownClass } from '../../../components/index.js';
import { ClassChip } from '../../../components/index.js';
import { useKeys } from '../../keys.js';
import { changeData, type DataAddress, type Layer, layerText } from './data-address.js';

/** Configures `LayerBar`. */
export interface LayerBarOptions {
  readonly address: DataAddress;
  /** Names the folders of labels of the split. */
  readonly kinds: readonly string[];
  readonly runs: readonly string[];
  readonly classes: readonly ShownClass[];
  /** Holds the colors of confidence and weight, as CSS. */
  readonly scales: { readonly confidence: string; readonly weight: string };
}

const opacityStep = 0.1;

/** Shows the layers with the key `o` for the next one, and the opacity with `[` and `]`. */
export function LayerBar({ address, kinds, runs, classes, scales }: LayerBarOptions) {
  const { layer, opacity, run } = address;
  const layers = layersOf({ kinds, hasRuns: runs.length > 0 });
  const present = layers.findIndex((candidate) => layerText(candidate) === layerText(layer));
  const choose = (chosen: Layer | null) => changeData({ layer: layerText(chosen) });
  const setOpacity = (value: number) =>
    changeData({ opacity: Math.min(1, Math.max(0, Math.round(20 * value) / 20)).toFixed(2) });
  useKeys({
    o: { label: 'next layer', run: () => choose(layers[(present + 1) % layers.length] ?? null) },
    O: {
      label: 'layer before',
      run: () => choose(layers[(present - 1 + layers.length) % layers.length] ?? null),
    },
    '[': { label: 'less opacity', run: () => setOpacity(opacity - opacityStep) },
    ']': { label: 'more opacity', run: () => setOpacity(opacity + opacityStep) },
  });
  return (
    <div class="data-bar" role="toolbar" aria-label="What lies over the images">
      <span class="data-layers">
        {layers.map((candidate) => (
          <button
            type="button"
            key={layerText(candidate)}
            aria-pressed={layerText(candidate) === layerText(layer)}
            onClick={() => choose(candidate)}
          >
            {nameOf(candidate)}
          </button>
        ))}
        <kbd title="next layer">o</kbd>
      </span>
      <label>
        Opacity <kbd>[</kbd>{' '}
        <input
          type="range"
          min="0"
          max="1"
          step="0.05"
          value={opacity}
          onInput={({ currentTarget }) => setOpacity(Number(currentTarget.value))}
        />{' '}
        <kbd>]</kbd>
      </label>
      {runs.length > 0 && (
        <label>
          Run{' '}
          <select
            value={run ?? ''}
            onChange={({ currentTarget }) => changeData({ run: currentTarget.value })}
          >
            {runs.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      )}
      <Legend layer={layer} classes={classes} scales={scales} />
    </div>
  );
}

function Legend({
  layer,
  classes,
  scales,
}: Pick<LayerBarOptions, 'classes' | 'scales'> & { readonly layer: Layer | null }) {
  if (layer === null) return null;
  if (layer.kind === 'confidence' || layer.kind === 'weight') {
    const [least, most] = layer.kind === 'confidence' ? ['−1', '1'] : ['0', '2 or more'];
    return (
      <span class="data-scale">
        {least} <i style={{ background: scales[layer.kind] }} aria-hidden="true" /> {most}
      </span>
    );
  }
  return (
    <details class="data-legend">
      <summary>{classes.length} classes</summary>
      <span>
        {classes.map((shown) => (
          <ClassChip key={shown.name} {...shown} />
        ))}
      </span>
    </details>
  );
}

function layersOf({
  kinds,
  hasRuns,
}: {
  readonly kinds: readonly string[];
  readonly hasRuns: boolean;
}): (Layer | null)[] {
  const predicted: Layer[] = [{ kind: 'prediction' }, { kind: 'confidence' }, { kind: 'weight' }];
  return [null, ...kinds.map((labels): Layer => ({ kind: 'labels', labels })), ...(hasRuns ? predicted : [])];
}

/** Names a layer in a word. */
export function nameOf(layer: Layer | null): string {
  if (layer === null) return 'image';
  return layer.kind === 'labels' ? layer.labels : layer.kind;
}
