/** `coarsely weights` lists the published ImageNet weights, and fetches some ahead of a training without a network. */

import { Command } from 'commander';

const example = `
model.backbone.weights=imagenet starts a backbone from these. A file is fetched when the first run needs it and kept in
$XDG_CACHE_HOME/coarsely/weights (~/.cache/coarsely/weights), where it can also be put by hand; the cache of torch.hub is
looked at too. COARSELY_WEIGHTS_URL names a mirror, or a folder with the files under these names or as
KIND-imagenet.safetensors or KIND-imagenet.pth. HTTPS_PROXY, HTTP_PROXY and NO_PROXY are honored.

Example:
  $ coarsely weights
  $ coarsely weights resnet18 mobilenet_v2
  $ COARSELY_WEIGHTS_URL=https://mirror.example/models coarsely weights resnet50`;

export function weightsCommand(): Command {
  return new Command('weights')
    .description('list the published ImageNet weights of backbones, or fetch those of some kinds')
    .argument('[kinds...]', 'the kinds of backbones whose weights to fetch')
    .addHelpText('after', example)
    .action((kinds: readonly string[]) => (kinds.length === 0 ? listWeights() : fetchKinds(kinds)));
}

async function listWeights(): Promise<void> {
  const { findWeights, publishedFiles, weightsFolder } = await import('../../../models/internal.js');
  const { printNotice } = await import('../../output/print-notice.js');
  const rows = [...publishedFiles.values()].map((published) => {
    const found = findWeights(published, { onNotice: printNotice });
    const { kind, fileName, mebibytes } = published;
    const size = `${mebibytes.toFixed(0)} MiB`.padStart(7);
    return `${kind.padEnd(20)}${fileName.padEnd(31)}${size}  ${found?.file ?? 'not fetched yet'}`;
  });
  process.stdout.write(`${rows.join('\n')}\n\nkept in ${weightsFolder()}\n`);
}

async function fetchKinds(kinds: readonly string[]): Promise<void> {
  const { fetchImageNetWeights } = await import('../../../models/index.js');
  const { publishedFiles } = await import('../../../models/internal.js');
  const { ConfigError } = await import('../../../errors/index.js');
  const { suggestion } = await import('../../../errors/internal.js');
  const { printNotice } = await import('../../output/print-notice.js');
  const { createTransferDisplay } = await import('../../output/transfer-display.js');
  const known = [...publishedFiles.keys()];
  for (const kind of kinds) {
    if (publishedFiles.has(kind)) continue;
    throw new ConfigError(
      `weights: no ImageNet weights are published for '${kind}'${suggestion(kind, known)} (known: ${known.join(', ')})`,
    );
  }
  for (const kind of kinds) {
    const display = createTransferDisplay();
    try {
      const { file, sha256, published } = await fetchImageNetWeights(kind, {
        onNotice: printNotice,
        onProgress: display.show,
      });
      const origin = published ? '' : ', no hash is published for this file';
      process.stdout.write(`${kind}: ${file} (SHA-256 ${sha256}${origin})\n`);
    } finally {
      display.close();
    }
  }
}
