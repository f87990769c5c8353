export type { Audit, AuditedImageSummary } from './audit.js';
export { type AuditOptions, type AuditResult, auditDataset } from './audit-dataset.js';
export { type FindRegionsOptions, type FoundRegion, findRegions } from './find-regions.js';
export {
  type ErrorsDataset,
  type ErrorsDatasetOptions,
  makeErrorsDataset,
  withErrorsDataset,
} from './judge/errors-dataset.js';
export type { Judgment, MethodScores } from './judge/judge.js';
export { type JudgeAuditOptions, type JudgedAudit, judgeAudit } from './judge/judge-audit.js';
export type { JudgedPlace, JudgmentRow } from './judge/judgment-text.js';
export { type ReviewAuditOptions, reviewAudit } from './judge/review-audit.js';
export type { SimulatedReview } from './judge/simulate-review.js';
export type { AuditKnowledge } from './knowledge.js';
export type { AuditEvent } from './predictions.js';
export { type AuditedImage, type PixelSuspicions, scoreImage } from './score-image.js';
export type { SuspectRegion } from './suspect-region.js';
