/** Serves the view of the data: lists of images by filters, one image's facts, its predictions, and what a check found. */

import { Hono } from 'hono';
import { z } from 'zod';
import { confidenceScale, cssGradient, weightScale } from '../../figures/internal.js';
import type { ServerContext } from '../context.js';
import { validated } from '../errors/validated.js';
import { AuditScoreReader } from '../images/audit-scores.js';
import { ShownImages } from '../images/shown-images.js';
import { type InspectionState, KeptInspection } from '../inspection/kept-inspection.js';
import { type LinkedFinding, linkFindings } from '../inspection/linked-findings.js';
import { pictureQuery } from '../pictures/crop.js';
import { labelPicture } from '../pictures/label-picture.js';
import { scaleClasses } from '../predictor/layer-colors.js';
import { layerNames } from '../predictor/map-planes.js';
import { Predictions } from '../predictor/predictions.js';
import { runFolderOf, runFolders } from '../predictor/run-folders.js';
import { BackgroundStatistics } from '../statistics/background-statistics.js';

const share = z.coerce.number().min(0).max(1).optional();
const place = z.coerce.number().int().min(0);

const imagesQuery = z.object({
  split: z.string().min(1),
  labels: z.string().min(1),
  search: z.string().max(200).optional(),
  class: place.max(254).optional(),
  leastCoverage: share,
  mostCoverage: share,
  leastScore: share,
  unreadable: z.stringbool().optional(),
  sort: z.enum(['name', 'coverage', 'share', 'score']).default('name'),
  order: z.enum(['up', 'down']).default('up'),
  from: place.default(0),
  count: z.coerce.number().int().min(1).max(500).default(100),
});

const imageQuery = z.object({ split: z.string().min(1), name: z.string().min(1) });

const layerQuery = pictureQuery.extend({
  run: z.string().min(1),
  layer: z.enum(layerNames),
  labels: z.string().min(1).optional(),
  form: z.enum(['colors', 'values']).default('colors'),
});

/** Makes the routes of the data. */
export function dataRoutes(context: ServerContext) {
  const { workspace, dataset, pictures } = context;
  const statistics = new BackgroundStatistics(context);
  const audit = new AuditScoreReader(workspace.audit);
  const shown = new ShownImages(context, { statistics, audit });
  const inspection = new KeptInspection(context);
  const predictions = new Predictions(context);
  return new Hono()
    .get('/', async (call) => {
      const scores = await audit.read();
      return call.json({
        runs: (await runFolders(workspace)).map(({ name }) => name),
        audit: scores === null ? null : { labels: scores.labels },
        scales: { confidence: cssGradient(confidenceScale), weight: cssGradient(weightScale) },
      });
    })
    .get('/images', validated('query', imagesQuery), async (call) =>
      call.json(await shown.list(call.req.valid('query'))),
    )
    .get('/image', validated('query', imageQuery), async (call) => {
      const { split, name } = call.req.valid('query');
      const opened = await dataset();
      const size = await opened.imageSize(split, name);
      const kinds: string[] = [];
      for (const labels of await opened.labelKinds(split)) {
        if ((await opened.labelFile(split, { labels, name })) !== null) kinds.push(labels);
      }
      const audited = (await audit.read())?.of(split, name) ?? null;
      return call.json({ split, name, ...size, labels: kinds, audit: audited });
    })
    .get('/layer', validated('query', layerQuery), async (call) => {
      const { run, layer, labels, form, split, name, ...query } = call.req.valid('query');
      const wanted = { run: await runFolderOf(workspace, run), split, name, labels: labels ?? null };
      const predicted = await predictions.key(wanted);
      const tag = pictures.tagOf({ sort: 'layer', predicted, layer, form, ...query });
      const headers = { 'cache-control': 'private, no-cache', etag: `"${tag}"`, 'content-type': 'image/png' };
      if (call.req.header('if-none-match') === headers.etag) return call.body(null, 304, headers);
      const { signal } = call.req.raw;
      const map = await predictions.layer({ ...wanted, layer, key: predicted }, signal);
      const classes = layer === 'prediction' ? (await dataset()).classes : scaleClasses(layer);
      const { values, ...size } = map;
      const bytes = await labelPicture({ labels: values, ...size }, { classes, form, ...query });
      return call.body(Uint8Array.from(bytes), 200, headers);
    })
    .get('/check', async (call) => {
      const state = await inspection.get();
      return call.json(await checkAnswer(state, context));
    })
    .post('/check', async (call) => {
      await inspection.checkAll();
      return call.json({});
    });
}

/** Is the answer to the question how far the check is. */
type CheckAnswer =
  | Exclude<InspectionState, { readonly state: 'done' }>
  | {
      readonly state: 'done';
      readonly found: {
        readonly findings: readonly LinkedFinding[];
        readonly hints: readonly string[];
        /** Counts the images that were decoded, and all. */
        readonly decoded: number;
        readonly images: number;
      };
    };

async function checkAnswer(state: InspectionState, { dataset }: ServerContext): Promise<CheckAnswer> {
  if (state.state !== 'done') return state;
  const { splits, hints } = state.inspection;
  const decoded = splits.reduce((sum, split) => sum + split.decoded, 0);
  const images = splits.reduce((sum, split) => sum + split.images, 0);
  const findings = await linkFindings(state.inspection, await dataset());
  return { state: 'done', found: { findings, hints, decoded, images } };
}
