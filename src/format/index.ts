export {
  counted,
  formatBytes,
  formatCount,
  formatDifference,
  formatDuration,
  formatNumber,
  formatPercent,
} from './numbers.js';
export { shellWord } from './shell-word.js';
export { formatTable } from './table.js';
