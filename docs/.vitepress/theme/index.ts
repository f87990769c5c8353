/** The default theme of VitePress with a little room for wide tables. */

import DefaultTheme from 'vitepress/theme';
import './tables.css';

export default DefaultTheme;
