/** The default theme of VitePress with room for wide tables, and a picture of a result on the home page. */

import DefaultTheme from 'vitepress/theme';
import { h } from 'vue';
import scene from '../../images/one-scene.webp';
import './site.css';

const alt = 'A generated street, its coarse label, the prediction of a network, and the exact label';

export default {
  extends: DefaultTheme,
  Layout: () =>
    h(DefaultTheme.Layout, null, { 'home-hero-image': () => h('img', { class: 'scene', src: scene, alt }) }),
};
