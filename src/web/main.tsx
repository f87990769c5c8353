/** Starts the local page. */

import { render } from 'preact';
import { App } from './app.js';
import './style/page.css';

render(<App />, document.body);
