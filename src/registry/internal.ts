/** Exports for the other rooms of this package; users do not need them. */

export { expectation, knownKeysHint, shown, valueAt } from './explain-issue.js';
export { keysOf, shapeOf } from './known-keys.js';
