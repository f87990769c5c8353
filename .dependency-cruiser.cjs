// The rooms of the house and who may import whom (docs/architecture.md shows the same as a picture). Imports run
// downward only, enter a room by its index.ts, and never form a circle. Checked by `npm run lint`.

/** room -> the rooms it may import besides itself and the foundations, lowest first. */
const rooms = {
  // What the local page and the report show alike; runs in Node and in a browser, and so imports nothing of Node.
  components: [],
  torch: [],
  nn: ['torch'],
  optim: ['torch', 'nn'],
  distributed: ['torch'],
  losses: ['torch'],
  reweighting: ['torch', 'nn', 'optim', 'losses', 'distributed'],
  models: ['torch', 'nn'],
  data: ['torch'],
  // Only for the size of an image.
  geometry: ['data'],
  scenes: ['data', 'coarsen'],
  coarsen: ['data', 'geometry'],
  // Labels of annotation tools.
  importers: ['data', 'geometry'],
  exporters: ['data', 'geometry', 'importers'],
  // Decisions about labels, and what they make of a dataset.
  review: ['data', 'geometry', 'importers'],
  inspect: ['data', 'coarsen', 'importers'],
  runs: ['torch', 'nn'],
  // Only for the registries of components that a config can name.
  config: ['optim', 'losses', 'reweighting', 'models', 'data'],
  // A trained network is loaded from a run: its config says what it is, its checkpoint what it learned.
  evaluation: ['torch', 'nn', 'distributed', 'models', 'data', 'runs', 'config'],
  // Measures what a network makes of images and draws nothing: training records it, figures and the report show it.
  analysis: ['torch', 'losses', 'reweighting', 'models', 'data', 'runs', 'config', 'evaluation'],
  training: [
    'torch',
    'nn',
    'optim',
    'distributed',
    'losses',
    'reweighting',
    'models',
    'data',
    'evaluation',
    'analysis',
    'runs',
    'config',
  ],
  // Trains a head on stored features, by the loop and the step of training.
  quick: [
    'torch',
    'nn',
    'optim',
    'distributed',
    'losses',
    'reweighting',
    'models',
    'data',
    'runs',
    'config',
    'evaluation',
    'training',
  ],
  // Looks at a dataset with a trained network, and asks about pixels.
  suggest: [
    'torch',
    'models',
    'data',
    'geometry',
    'review',
    'runs',
    'config',
    'evaluation',
    'quick',
    'recipes',
  ],
  // Finds labels that are probably wrong.
  audit: [
    'torch',
    'reweighting',
    'models',
    'data',
    'geometry',
    'coarsen',
    'review',
    'runs',
    'config',
    'evaluation',
    'analysis',
    'training',
    'quick',
    'suggest',
    'recipes',
    'figures',
    'fill',
    'report',
  ],
  // Completes labels by a trained network and the image's colors.
  fill: ['torch', 'distributed', 'data', 'runs', 'config', 'evaluation', 'quick', 'suggest'],
  recipes: ['config'],
  figures: ['torch', 'data', 'runs', 'evaluation', 'analysis'],
  report: [
    'components',
    'torch',
    'reweighting',
    'models',
    'data',
    'runs',
    'config',
    'evaluation',
    'analysis',
    'figures',
  ],
  // Starts the command line as other processes, and so needs no room that trains.
  experiments: ['torch', 'data', 'coarsen', 'runs', 'config', 'recipes', 'report'],
  // Trains heads on stored features, one after the other, and draws what they scored. Intervals are those of the tables.
  plan: ['torch', 'models', 'data', 'config', 'quick', 'figures', 'experiments'],
  // Serves the local page: reads what the rooms below wrote, and starts the command line for what takes long.
  server: [
    'components',
    'torch',
    'models',
    'data',
    'geometry',
    'importers',
    'exporters',
    'review',
    'inspect',
    'runs',
    'config',
    'evaluation',
    'analysis',
    'quick',
    'suggest',
    'audit',
    'recipes',
    'figures',
    'report',
    'plan',
  ],
  // The page itself, in the browser: of the server only the types of its routes.
  web: ['components', 'server', 'geometry'],
};

/** Rooms that every room may import; registry and files stand on errors, errors and format on nothing. */
const foundations = ['errors', 'format', 'registry', 'files'];

/** Rooms that may import every other. */
const top = ['cli'];

const known = [...Object.keys(rooms), ...foundations, ...top];

const inside = (names) => `^src/(${names.join('|')})/`;

const roomRules = Object.entries({ errors: [], format: [], registry: [], files: [], ...rooms }).map(
  ([room, allowed]) => {
    const below =
      room === 'errors' || room === 'format'
        ? []
        : room === 'registry' || room === 'files'
          ? ['errors']
          : foundations;
    return {
      name: `room-${room}`,
      comment: `src/${room} may import only: ${[...below, ...allowed].join(', ') || 'nothing'}.`,
      severity: 'error',
      from: { path: inside([room]) },
      to: { path: '^src/', pathNot: inside([room, ...below, ...allowed]) },
    };
  },
);

/** folder of src/data -> the other folders of it that it may import, lowest first. */
const dataFolders = {
  images: [],
  files: ['images'],
  augment: ['images'],
  datasets: ['images', 'files'],
  loader: ['images', 'files', 'augment', 'datasets'],
};

const dataRules = Object.entries(dataFolders).map(([folder, allowed]) => ({
  name: `data-${folder}`,
  comment: `src/data/${folder} may import only: ${allowed.join(', ') || 'no other folder of src/data'}.`,
  severity: 'error',
  from: { path: `^src/data/${folder}/` },
  to: {
    path: '^src/data/',
    pathNot: [
      `^src/data/(${[folder, ...allowed].join('|')})/`,
      '^src/data/(classes|match-classes|random)\\.ts$',
    ],
  },
}));

module.exports = {
  forbidden: [
    ...roomRules,
    ...dataRules,
    {
      name: 'data-foundations',
      comment: 'src/data/classes.ts, match-classes.ts and random.ts stand below the folders of src/data.',
      severity: 'error',
      from: { path: '^src/data/(classes|match-classes|random)\\.ts$' },
      to: { path: '^src/data/[^/]+/' },
    },
    {
      name: 'known-rooms',
      comment: 'A new folder in src/ needs its line in .dependency-cruiser.cjs and docs/architecture.md.',
      severity: 'error',
      from: {},
      to: { path: '^src/[^/]+/', pathNot: inside(known) },
    },
    {
      name: 'web-takes-types',
      comment:
        "The page runs in a browser: of the server's files it imports api.ts and event-hub.ts, as types.",
      severity: 'error',
      from: { path: '^src/web/' },
      to: { path: '^src/server/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'front-door',
      comment:
        "Another room is imported by its index.ts, or by its internal.ts for what users don't need; the rest is that room's own.",
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: {
        path: '^src/[^/]+/',
        pathNot: ['^src/$1/', '^src/[^/]+/(index|internal)\\.ts$', '^src/server/(api|event-hub)\\.ts$'],
      },
    },
    {
      name: 'no-circles',
      comment: 'Modules that need each other are one module, or want a third below both.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'addon-only-from-torch',
      comment: 'src/torch is the only caller of the addon.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/torch/' },
      to: { path: ['^(native|build)/', '^src/torch/(native|operator)\\.ts$'] },
    },
    {
      name: 'public-surface-only',
      comment:
        "Tests, benches, fuzz targets and examples import 'coarsely/ROOM' as a user does, or '#ROOM/file.js' for internals; never src/ or dist/ by path.",
      severity: 'error',
      from: { path: '^(test|bench|fuzz|examples)/' },
      // 'local' is an import by path; the package's own name is another type.
      to: {
        path: '^(src|dist)/',
        dependencyTypes: ['local'],
        dependencyTypesNot: ['aliased-subpath-import'],
      },
    },
    {
      name: 'examples-are-users',
      comment: "Examples show what a user can write, so that they import 'coarsely/ROOM' and no internals.",
      severity: 'error',
      from: { path: '^examples/' },
      to: { dependencyTypes: ['aliased-subpath-import'] },
    },
    {
      name: 'nothing-unresolved',
      comment: 'The import leads nowhere (build first: tests resolve coarsely/... to dist/).',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'shipped-dependencies',
      comment: 'What the package imports must be among its dependencies, not its devDependencies.',
      severity: 'error',
      // Vite bundles the page, with what it imports.
      from: { path: '^src/', pathNot: '^src/web/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    // Types count: an arrow between rooms is one even when it vanishes from the compiled code.
    tsPreCompilationDeps: true,
    doNotFollow: { path: ['^node_modules/', '^dist/'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
