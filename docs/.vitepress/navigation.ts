/** The sidebars of the site: guides, reference, and pages about the project. Links are paths in `docs/`, without `.md`. */

export interface NavigationItem {
  readonly text: string;
  readonly link?: string;
  readonly items?: NavigationItem[];
}

export const guide: NavigationItem[] = [
  {
    text: 'Start',
    items: [
      { text: 'The first five minutes', link: '/start' },
      { text: 'Import labels of a tool', link: '/guide/import' },
      { text: 'Train on your folder', link: '/guide/train-on-your-folder' },
      { text: 'Quick mode', link: '/guide/quick' },
      { text: 'Coarse labels: what to do', link: '/guide/coarse-labels' },
      { text: 'Fill coarse labels', link: '/guide/fill' },
      { text: 'Points and clean labels', link: '/guide/points' },
      { text: 'Which pixels to label next', link: '/guide/suggest' },
      { text: 'Walk-through: tool to model', link: '/guide/walk-through' },
      { text: 'Find wrong labels', link: '/guide/audit' },
      { text: 'How good an audit is', link: '/guide/judge-an-audit' },
      { text: 'Review labels', link: '/guide/review' },
      { text: 'The local page', link: '/guide/view' },
      { text: 'Check a dataset', link: '/guide/check' },
      { text: 'What to label next', link: '/guide/plan' },
      { text: 'Images', link: '/guide/images' },
      { text: 'Evaluate and predict', link: '/guide/evaluate' },
    ],
  },
  {
    text: 'Method',
    items: [
      { text: 'Losses, confidences, weights', link: '/guide/losses-and-weights' },
      { text: 'Choose a reweighter', link: '/guide/reweighters' },
      { text: 'Models and weights', link: '/guide/networks' },
      { text: 'Glossary', link: '/glossary' },
    ],
  },
  {
    text: 'Larger runs',
    items: [
      { text: 'Cityscapes and ADE20K', link: '/guide/public-datasets' },
      { text: 'Processes, GPUs, machines', link: '/guide/distributed' },
      { text: 'Profile a training', link: '/guide/profile' },
      { text: 'Use less memory', link: '/guide/memory' },
      { text: 'Stored features', link: '/guide/features' },
    ],
  },
  {
    text: 'The paper',
    items: [
      { text: 'Run its tables', link: '/guide/experiments' },
      { text: 'Draw its figures', link: '/guide/figures' },
      { text: 'Write a recipe', link: '/guide/write-a-recipe' },
      { text: 'Results: coarse to fine', link: '/results/coarse-to-fine' },
      { text: 'Results: CamVid in quick mode', link: '/results/quick-camvid' },
      { text: 'Results: losses of unlabeled pixels', link: '/results/unlabeled-pixels-camvid' },
      { text: 'Results: suggested points', link: '/results/suggest-camvid' },
      { text: 'Results: what to label next on CamVid', link: '/results/plan-camvid' },
      { text: 'Results: the paper’s claims on CamVid', link: '/results/camvid-quick-tables' },
      { text: 'Results: audits of CamVid', link: '/results/audit-camvid' },
      { text: 'Results: CamVid, longer runs', link: '/results/camvid-coarse' },
      { text: 'Results: CamVid, full training', link: '/results/full-training-camvid' },
    ],
  },
  {
    text: 'In your own code',
    items: [
      { text: 'ARM in your own loop', link: '/guide/add-arm-to-your-loop' },
      { text: 'Examples', link: '/guide/examples' },
      { text: 'Components of your own', link: '/guide/extend' },
    ],
  },
  { text: 'Help', items: [{ text: 'Troubleshooting', link: '/troubleshooting' }] },
];

export const reference: NavigationItem[] = [
  {
    text: 'Reference',
    items: [
      { text: 'Commands', link: '/reference/commands' },
      { text: 'Configuration', link: '/reference/configuration' },
      { text: 'Components', link: '/reference/components' },
    ],
  },
];

export const projectPages: NavigationItem[] = [
  {
    text: 'Project',
    items: [
      { text: 'Architecture', link: '/architecture' },
      { text: 'Changelog', link: '/changelog' },
      { text: 'Security', link: '/security' },
    ],
  },
  {
    text: 'Contributing',
    items: [
      { text: 'Style and proofs', link: '/contributing/' },
      { text: 'Add a component', link: '/contributing/add-a-component' },
      { text: 'Work on the native addon', link: '/contributing/native' },
    ],
  },
];
