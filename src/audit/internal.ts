/** Exports what other rooms of this package use and users do not need. */

export { formatJudgment } from './judge/judgment-text.js';
export { summaryText } from './sheet/contact-sheet.js';
export { largestSwaps } from './sheet/swap-table.js';
