/** Starts the local page. */

import { render } from 'preact';
import { App } from './app.js';
import { listenToServer } from './events.js';
import { watchJobs } from './jobs/job-list.js';
import './style/page.css';

listenToServer();
watchJobs();
render(<App />, document.body);
