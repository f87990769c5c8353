/** Serves the regions of the audit in their order, and writes what is decided about them into the journal. */

import { Hono } from 'hono';
import { z } from 'zod';
import type { Decision } from '../../review/index.js';
import { canBeUnlabeled, type LabelForm } from '../../review/internal.js';
import type { ServerContext } from '../context.js';
import type { ServedDataset } from '../dataset/served-dataset.js';
import { ConflictError, NotFoundError, RequestError } from '../errors/server-error.js';
import { validated } from '../errors/validated.js';
import { FollowedJournal, type RegionDecision } from '../review/journal-state.js';
import { type OpenedAudit, ServedAudit } from '../review/served-audit.js';
import { regionProblem, shownDecision, shownRegion } from '../review/shown-region.js';
import { strokeRings } from '../review/stroke-rings.js';

const regionQuery = z.object({
  from: z.coerce.number().int().min(0).default(0),
  count: z.coerce.number().int().min(1).max(50).default(4),
  kind: z.enum(['edge', 'object']).optional(),
  given: z.string().optional(),
  suggested: z.string().optional(),
  undecided: z.enum(['true', 'false']).default('false'),
  /** Searches towards the beginning of the order. */
  back: z.enum(['true', 'false']).default('false'),
});
const made = {
  /** Identifies the line, so that a call that is sent again writes it once. */
  id: z.uuid(),
  seconds: z.number().min(0).max(86_400),
  origin: z.string().max(100).nullable().default(null),
};
const newDecision = z.discriminatedUnion('action', [
  z.strictObject({ ...made, action: z.enum(['accept', 'keep', 'unlabel']), region: z.string() }),
  z.strictObject({ ...made, action: z.literal('assign'), region: z.string(), class: z.string() }),
]);
const coordinates = z.array(z.number().finite());
const newDrawing = z.strictObject({
  ...made,
  split: z.string(),
  image: z.string(),
  class: z.string().nullable(),
  rings: z.array(coordinates.min(6).max(20_000)).max(1000).default([]),
  strokes: z
    .array(z.strictObject({ points: coordinates.min(2).max(20_000), size: z.number().min(1).max(2000) }))
    .max(1000)
    .default([]),
});
const newUndo = z.strictObject({ id: z.uuid(), origin: made.origin, line: z.string().optional() });

/** Makes the routes of the review. */
export function reviewRoutes(context: ServerContext) {
  const { workspace, journal, dataset } = context;
  const served = new ServedAudit(context);
  const followed = new FollowedJournal(journal);
  const audit = async (): Promise<OpenedAudit> => {
    const opened = await served.open();
    if (opened !== null) return opened;
    throw new NotFoundError('there is no audit of this dataset yet; run coarsely audit');
  };
  const checkUnlabeled = async ({ split, ...named }: { split: string; labels: string; name: string }) => {
    const files = await dataset();
    const path = await files.labelFile(split, named);
    const { labelEncoding = 'auto', reduceZeroLabel } = workspace.reading;
    const encoding = labelEncoding as LabelForm['encoding'];
    const form = { classList: files.classList, encoding, reduceZeroLabel: reduceZeroLabel === true };
    if (path !== null && (await canBeUnlabeled(path, form))) return;
    throw new ConflictError(
      'this dataset gives a class to pixels without a label, so that none can be taken away',
    );
  };
  /** Returns the line that a call before this one wrote, as its answer was lost. */
  const written = (id: string) => journal.lines().find((line) => line.id === id);

  return new Hono()
    .get('/', async (call) => {
      const opened = await served.open();
      if (opened === null) return call.json({ audit: null, misfit: null, progress: null });
      const { summary, index } = opened;
      const { classes, split, labels, suspectedPixels, coverage, swaps } = summary;
      const misfit = await served.misfit(opened);
      return call.json({
        audit: { classes, split, labels, suspectedPixels, coverage, swaps, regions: index.length },
        misfit,
        progress: progressOf(opened, followed.state().regions),
      });
    })
    .get('/regions', validated('query', regionQuery), async (call) => {
      const { from, count, undecided, back, ...filter } = call.req.valid('query');
      const opened = await audit();
      const { index } = opened;
      const { regions: decided } = followed.state();
      const open = withoutDecided(
        index.matching(filter),
        undecided === 'true' ? placesOf(decided, opened) : null,
      );
      const places =
        back === 'true'
          ? open.filter((place) => place < from).slice(-count)
          : open.filter((place) => place >= from).slice(0, count);
      const files = await dataset();
      const shown = [];
      for (const [order, region] of (await index.regions(places)).entries()) {
        const decision = decided.get(region.id);
        shown.push(await shownRegion(region, { place: places[order] as number, decision, dataset: files }));
      }
      return call.json({
        total: open.length,
        before: open.filter((place) => place < from).length,
        regions: shown,
      });
    })
    .get('/examples', validated('query', regionQuery), async (call) => {
      const { from, count, undecided: _, back: __, ...filter } = call.req.valid('query');
      const { index } = await audit();
      const all = index.matching(filter);
      const places = all.slice(from, from + count);
      const examples = (await index.regions(places)).map(({ runs: _, ...region }, order) => ({
        ...region,
        place: places[order] as number,
        isDecided: followed.state().regions.has(region.id),
      }));
      return call.json({ total: all.length, examples });
    })
    .post('/decisions', validated('json', newDecision), async (call) => {
      const { origin, region: id, ...decision } = call.req.valid('json');
      const known = written(decision.id);
      if (known !== undefined) return call.json({ line: known.id }, 201);
      const opened = await audit();
      const misfit = await served.misfit(opened);
      if (misfit !== null) throw new ConflictError(misfit);
      const place = opened.index.placeOf(id);
      const [region] = place === undefined ? [] : await opened.index.regions([place]);
      if (region === undefined) throw new NotFoundError(`the audit has no region '${id}'`);
      const files = await dataset();
      const problem = await regionProblem(region, files);
      if (problem !== null) throw new ConflictError(problem);
      if (decision.action === 'assign') checkClass(decision.class, files);
      if (decision.action === 'unlabel') await checkUnlabeled({ ...region, name: region.image });
      const { split, image, labels, width, height, given, suggested, runs } = region;
      const about = { split, image, labels, width, height, region: { id, given, suggested, runs } };
      const line = { ...decision, ...about, by: workspace.by };
      const [first] = journal.append([line], { origin });
      return call.json({ line: first?.id ?? decision.id }, 201);
    })
    .post('/drawings', validated('json', newDrawing), async (call) => {
      const { origin, id, seconds, split, image, class: name, rings, strokes } = call.req.valid('json');
      const known = written(id);
      if (known !== undefined) return call.json({ line: known.id }, 201);
      const files = await dataset();
      const { labels } = workspace;
      const map = await files.readLabels(split, { labels, name: image });
      if (map === null) throw new NotFoundError(`'${image}' has no labels '${labels}'`);
      const { width, height } = map;
      if (name === null) await checkUnlabeled({ split, labels, name: image });
      else checkClass(name, files);
      const drawn = [...rings, ...strokeRings(strokes, { width, height }).map((ring) => [...ring])];
      if (drawn.length === 0) throw new RequestError('the drawing covers no pixel of the image');
      if (drawn.some((ring) => ring.length % 2 === 1))
        throw new RequestError('rings: expected pairs of x and y');
      const about = { split, image, labels, width, height, rings: drawn, class: name };
      journal.append([{ id, seconds, by: workspace.by, action: 'polygon', ...about }], { origin });
      return call.json({ line: id }, 201);
    })
    .post('/undo', validated('json', newUndo), async (call) => {
      const { id, origin, line } = call.req.valid('json');
      const known = written(id);
      const target =
        known?.action === 'undo'
          ? (journal.lines().find((one) => one.id === known.line) as Decision | undefined)
          : followed
              .state()
              .decisions.filter((one) => one.by === workspace.by && one.action !== 'point')
              .findLast((one) => line === undefined || one.id === line);
      if (target === undefined) throw new ConflictError('there is no decision of yours to take back');
      if (known === undefined) {
        journal.append([{ id, by: workspace.by, action: 'undo', line: target.id }], { origin });
      }
      const region = 'region' in target ? target.region.id : null;
      const place = region === null ? undefined : (await served.open())?.index.placeOf(region);
      return call.json({ line: target.id, action: target.action, place: place ?? null }, 201);
    })
    .get('/decisions', (call) => {
      const lines = followed
        .state()
        .decisions.filter(({ action }) => action !== 'point')
        .slice(-20);
      const shown = lines.reverse().map((line) => ({
        ...{ id: line.id, action: line.action, image: line.image, by: line.by, time: line.time },
        class: 'region' in line ? shownDecision(line).class : 'class' in line ? line.class : null,
        isMine: line.by === workspace.by,
      }));
      return call.json({ decisions: shown });
    });
}

function placesOf(decided: ReadonlyMap<string, RegionDecision>, { index }: OpenedAudit): Set<number> {
  return new Set([...decided.keys()].flatMap((id) => index.placeOf(id) ?? []));
}

function withoutDecided(places: number[], decided: ReadonlySet<number> | null): number[] {
  return decided === null ? places : places.filter((place) => !decided.has(place));
}

function progressOf(opened: OpenedAudit, regions: ReadonlyMap<string, RegionDecision>) {
  const places = placesOf(regions, opened);
  let pixels = 0;
  for (const place of places) pixels += opened.index.pixels(place);
  const { suspectedPixels } = opened.summary;
  return { decided: places.size, share: suspectedPixels === 0 ? 0 : pixels / suspectedPixels };
}

function checkClass(name: string, { classes }: ServedDataset): void {
  if (classes.some((one) => one.name === name)) return;
  throw new RequestError(`class: no class '${name}'; expected ${classes.map((one) => one.name).join(', ')}`);
}
