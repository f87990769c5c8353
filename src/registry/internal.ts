/** Exports for the other rooms of this package; users do not need them. */

export { optionsOf, parseSectionOptions, unknownKeyIssue } from './component-section.js';
export { candidatesOf, expectation, knownKeysHint, shown, valueAt } from './explain-issue.js';
export { keysOf, shapeOf } from './known-keys.js';
