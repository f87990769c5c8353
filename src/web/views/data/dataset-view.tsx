/** Shows the images of the dataset as a grid with filters, one of them alone, and what a check found. */

import type { InferResponseType } from 'hono/client';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { api, call } from '../../api.js';
import { useServerEvent } from '../../events.js';
import { readDataAddress } from './data-address.js';
import './dataset.css';
import { FilterBar } from './filter-bar.js';
import { Findings } from './findings.js';
import { ImageGrid } from './image-grid.js';
import { ImagePages } from './image-pages.js';
import { LargeImage } from './large-image.js';
import { LayerBar } from './layer-bar.js';

type Dataset = InferResponseType<typeof api.workspace.dataset.$get, 200>;
type Sources = InferResponseType<typeof api.data.$get, 200>;

/** Shows the view `Data`. */
export function DatasetView() {
  const [known, setKnown] = useState<{ readonly dataset: Dataset; readonly sources: Sources } | null>(null);
  const [error, setError] = useState<string | null>(null);
  const ask = () =>
    void Promise.all([call(api.workspace.dataset.$get()), call(api.data.$get())]).then(
      ([dataset, sources]) => {
        setKnown({ dataset, sources });
        setError(null);
      },
      (reason: Error) => setError(reason.message),
    );
  useEffect(ask, []);
  useServerEvent('dataset', ask);
  useServerEvent('run', ask);
  useServerEvent('audit', ask);
  if (error !== null) return <p role="alert">{error}</p>;
  return known === null ? <p role="status">Reading the dataset …</p> : <OpenedDataset {...known} />;
}

function OpenedDataset({ dataset, sources }: { readonly dataset: Dataset; readonly sources: Sources }) {
  const { splits, classes } = dataset;
  const first = splits.some(({ name }) => name === dataset.split) ? dataset.split : (splits[0]?.name ?? '.');
  const given = { split: first, labels: dataset.labels, run: sources.runs[0] ?? null };
  const address = readDataAddress(given);
  const { split, labels, filter, image } = address;
  const query = JSON.stringify({ ...filter, split, labels });
  const pages = useMemo(() => new ImagePages(JSON.parse(query)), [query]);
  useServerEvent('statistics', () => pages.refresh());
  useServerEvent('dataset', () => pages.refresh());
  useServerEvent('audit', () => pages.refresh());
  const kinds = splits.find(({ name }) => name === split)?.labels ?? [];
  const { runs, scales, audit } = sources;
  const shownClasses = classes.map(({ name, color }) => ({ name, color: color as [number, number, number] }));
  const layers = <LayerBar {...{ address, kinds, runs, scales }} classes={shownClasses} />;
  if (image !== null) {
    return (
      <div class="data-view">
        {layers}
        <LargeImage address={address} name={image} pages={pages} classes={shownClasses} />
      </div>
    );
  }
  return (
    <div class="data-view">
      <FilterBar {...{ address, splits, classes }} counts={pages.counts.value} hasScores={audit !== null} />
      {layers}
      <Findings />
      {pages.error.value !== null && <p role="alert">{pages.error.value}</p>}
      {pages.counts.value?.fitting === 0 && <p>No image fits the filter.</p>}
      <ImageGrid pages={pages} address={address} />
    </div>
  );
}
