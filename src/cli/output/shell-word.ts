export { shellWord } from '../../format/index.js';
