/** The default theme of VitePress with room for wide tables and pictures. */

import DefaultTheme from 'vitepress/theme';
import './site.css';

export default DefaultTheme;
