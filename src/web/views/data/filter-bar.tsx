/** Chooses which images are shown, and in which order. */

import { changeData, type DataAddress } from './data-address.js';
import { percent } from './grid-tile.js';
import type { ImageCounts } from './image-pages.js';

/** Configures `FilterBar`. */
export interface FilterBarOptions {
  readonly address: DataAddress;
  readonly splits: readonly { readonly name: string; readonly labels: readonly string[] }[];
  readonly classes: readonly { readonly name: string }[];
  readonly counts: ImageCounts | null;
  /** Tells whether there is an audit whose scores can be asked for. */
  readonly hasScores: boolean;
}

/** Shows the filters, and how many images fit. */
export function FilterBar({ address, splits, classes, counts, hasScores }: FilterBarOptions) {
  const { split, labels, filter } = address;
  const kinds = splits.find(({ name }) => name === split)?.labels ?? [];
  const set = (name: string) => (event: { readonly currentTarget: HTMLInputElement | HTMLSelectElement }) =>
    changeData({ [name]: event.currentTarget.value || null });
  return (
    <search class="data-bar" aria-label="Filter">
      <Choice
        label="Split"
        value={split}
        onChange={set('split')}
        options={splits.map(({ name }) => [name, name === '.' ? '(no split)' : name])}
      />
      {kinds.length > 1 && (
        <Choice
          label="Labels"
          value={labels}
          onChange={set('labels')}
          options={kinds.map((name) => [name, name])}
        />
      )}
      <Choice
        label="Class"
        value={filter.class ?? ''}
        onChange={set('class')}
        options={[['', 'any'], ...classes.map(({ name }, index): Option => [String(index), name])]}
      />
      <Choice
        label="Labeled from"
        value={filter.leastCoverage ?? ''}
        onChange={set('leastCoverage')}
        options={[['', 'any'], ...shares]}
      />
      <Choice
        label="to"
        value={filter.mostCoverage ?? ''}
        onChange={set('mostCoverage')}
        options={[['', 'any'], ['0', '0 %'], ...shares]}
      />
      {hasScores && (
        <Choice
          label="Score from"
          value={filter.leastScore ?? ''}
          onChange={set('leastScore')}
          options={[['', 'any'], ...scores]}
        />
      )}
      <Choice
        label="Order"
        value={`${filter.sort ?? 'name'} ${filter.order ?? 'up'}`}
        onChange={({ currentTarget }) => {
          const [sort = 'name', order = 'up'] = currentTarget.value.split(' ');
          changeData({ sort, order });
        }}
        options={[
          ['name up', 'name'],
          ['name down', 'name, from the end'],
          ['coverage up', 'least labeled first'],
          ['coverage down', 'most labeled first'],
          ...(filter.class === undefined ? [] : [['share down', 'most of the class first'] satisfies Option]),
          ...(hasScores ? [['score down', 'highest score first'] satisfies Option] : []),
        ]}
      />
      <label>
        Name{' '}
        <input type="search" value={filter.search ?? ''} onInput={set('search')} placeholder="part of it" />
      </label>
      <Counts address={address} counts={counts} />
    </search>
  );
}

type Option = readonly [value: string, text: string];

const shares: readonly Option[] = [0.1, 0.25, 0.5, 0.75, 0.9, 1].map((share) => [
  String(share),
  percent(share),
]);
const scores: readonly Option[] = [0.001, 0.01, 0.02, 0.05, 0.1, 0.2].map((share) => [
  String(share),
  percent(share),
]);

function Choice({
  label,
  value,
  options,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly options: readonly Option[];
  readonly onChange: (event: { readonly currentTarget: HTMLSelectElement }) => void;
}) {
  return (
    <label>
      {label}{' '}
      <select value={value} onChange={onChange}>
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

function Counts({ address, counts }: { readonly address: DataAddress; readonly counts: ImageCounts | null }) {
  if (counts === null) return <output>…</output>;
  const { total, fitting, measured, unreadable, error } = counts;
  const isUnreadable = address.filter.unreadable === 'true';
  return (
    <output aria-live="polite">
      {fitting === total ? `${total} images` : `${fitting} of ${total} images`}
      {measured < total && error === null && ` · labels of ${measured} counted so far`}
      {error !== null && ` · counting stopped: ${error}`}
      {(unreadable > 0 || isUnreadable) && (
        <button
          type="button"
          aria-pressed={isUnreadable}
          onClick={() => changeData({ unreadable: isUnreadable ? null : 'true' })}
        >
          {unreadable} unreadable
        </button>
      )}
    </output>
  );
}
