/** Shows the way between the views, what is served, and what runs on the server. */

import { api, load } from '../api.js';
import { currentAddress, type ViewName } from '../navigation.js';
import { JobTray } from './job-tray.js';

const workspace = load(() => api.workspace.$get());

/** Shows the header of the page. */
export function Header({ titles }: { readonly titles: Readonly<Record<ViewName, string>> }) {
  const { view } = currentAddress.value;
  const dataset = workspace.value.data?.dataset;
  return (
    <header class="bar">
      <nav aria-label="Views">
        {Object.entries(titles).map(([name, title]) => (
          <a key={name} href={`#/${name}`} aria-current={name === view ? 'page' : undefined}>
            {title}
          </a>
        ))}
      </nav>
      {dataset !== undefined && dataset !== null && (
        <p class="served" title={`labels ${dataset.labels} of ${dataset.split}`}>
          {dataset.name} <span>{`${dataset.labels} · ${dataset.split}`}</span>
        </p>
      )}
      <JobTray />
    </header>
  );
}
