/** Shows the views of the page and the way between them. The view is in the address, so a reload comes back to it. */

import { useEffect } from 'preact/hooks';
import { currentAddress, type ViewName } from './navigation.js';
import { ConnectionBanner } from './shell/connection-banner.js';
import { Header } from './shell/header.js';
import './shell/colors.css';
import './shell/shell.css';
import { ClicksView } from './views/clicks/clicks-view.js';
import { DatasetView } from './views/data/dataset-view.js';
import { RunsView } from './views/runs/runs-view.js';

const views: Readonly<Record<ViewName, () => preact.JSX.Element>> = {
  runs: RunsView,
  data: DatasetView,
  clicks: ClicksView,
};
const titles: Readonly<Record<ViewName, string>> = {
  runs: 'Runs',
  data: 'Data',
  clicks: 'Clicks',
};

/** Shows the whole page. */
export function App() {
  const { view } = currentAddress.value;
  const View = views[view];
  useEffect(() => {
    document.title = `${titles[view]} – coarsely`;
  }, [view]);
  return (
    <>
      <Header titles={titles} />
      <ConnectionBanner />
      <main id="main" tabIndex={-1}>
        <h1 class="visually-hidden">{titles[view]}</h1>
        <View key={view} />
      </main>
    </>
  );
}
