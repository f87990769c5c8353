/** Keeps the place in the page in its address: `#/data?image=a`. */

import { signal } from '@preact/signals';

const viewNames = ['runs', 'data', 'clicks'] as const;

/** Names a view of the page. */
export type ViewName = (typeof viewNames)[number];

/** Names a view and what it shows. */
export interface Address {
  readonly view: ViewName;
  readonly parameters: URLSearchParams;
}

/** Holds the address of the page, as a signal. */
export const currentAddress = signal(readAddress());

addEventListener('hashchange', () => {
  currentAddress.value = readAddress();
});

/** Changes parameters of the address; null removes one. `replace` leaves no entry in the browser's history. */
export function setParameters(
  changes: Readonly<Record<string, string | null>>,
  { replace = false }: { readonly replace?: boolean } = {},
): void {
  const { view, parameters } = currentAddress.value;
  const changed = new URLSearchParams(parameters);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) changed.delete(name);
    else changed.set(name, value);
  }
  const text = changed.toString();
  const hash = `#/${view}${text === '' ? '' : `?${text}`}`;
  if (replace) {
    history.replaceState(null, '', hash);
    currentAddress.value = readAddress();
  } else {
    location.hash = hash;
  }
}

function readAddress(): Address {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const view = viewNames.find((name) => name === path) ?? 'data';
  return { view, parameters: new URLSearchParams(query) };
}
