/** Exports what other rooms of this package use and users do not need. */

export { expectation, knownKeysHint, shown, valueAt } from './explain-issue.js';
export { keysOf, shapeOf } from './known-keys.js';
