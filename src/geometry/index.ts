export { boundaryDistance } from './boundary-distance.js';
export { type Components, connectedComponents } from './connected-components.js';
export { cutHoles } from './cut-holes.js';
export { fillRings, visitSpans } from './fill-rings.js';
export { outlineRegions } from './outline-regions.js';
export { formatRuns, maskRuns, parseRuns, runsMask, visitRuns } from './run-lengths.js';
export { simplifyLine, simplifyRing } from './simplify-ring.js';
export { type Ring, type TracedRing, traceRings } from './trace-rings.js';
