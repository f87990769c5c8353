export type { Audit, AuditedImageSummary } from './audit.js';
export { type AuditOptions, type AuditResult, auditDataset } from './audit-dataset.js';
export { type FindRegionsOptions, type FoundRegion, findRegions } from './find-regions.js';
export type { AuditKnowledge } from './knowledge.js';
export type { AuditEvent } from './predictions.js';
export { type AuditedImage, type PixelSuspicions, scoreImage } from './score-image.js';
export type { SuspectRegion } from './suspect-region.js';
