/** Shows the views of the page and the way between them. The view is in the address, so a reload comes back to it. */

import { useEffect } from 'preact/hooks';
import { api, load } from './api.js';
import { currentAddress, type ViewName } from './navigation.js';
import { ClicksView } from './views/clicks/clicks-view.js';
import { DatasetView } from './views/data/dataset-view.js';
import { PlanView } from './views/plan/plan-view.js';
import { ReviewView } from './views/review/review-view.js';
import { RunsView } from './views/runs/runs-view.js';

const views: Readonly<Record<ViewName, { readonly title: string; readonly View: () => preact.JSX.Element }>> =
  {
    runs: { title: 'Runs', View: RunsView },
    data: { title: 'Data', View: DatasetView },
    review: { title: 'Review', View: ReviewView },
    clicks: { title: 'Clicks', View: ClicksView },
    plan: { title: 'Plan', View: PlanView },
  };

const workspace = load(() => api.workspace.$get());

/** Shows the whole page. */
export function App() {
  const { view } = currentAddress.value;
  const { title, View } = views[view];
  useEffect(() => {
    document.title = `${title} – coarsely`;
  }, [title]);
  return (
    <>
      <header class="bar">
        <nav aria-label="Views">
          {Object.entries(views).map(([name, { title }]) => (
            <a key={name} href={`#/${name}`} aria-current={name === view ? 'page' : undefined}>
              {title}
            </a>
          ))}
        </nav>
        <span>{workspace.value.data?.dataset?.name}</span>
      </header>
      <main>
        <h1>{title}</h1>
        <View />
      </main>
    </>
  );
}
