/** Writes files of weights as they are published, with random numbers, for tests that need a pretrained network offline. */

import { backbones } from 'coarsely/models';
import { Generator, scope, type Tensor, writeSafetensors } from 'coarsely/torch';

/** Writes the parameters of a backbone of this kind, by their names in torchvision. */
export function writeRandomWeights(file: string, { kind }: { readonly kind: string }): void {
  using _tensors = scope();
  using generator = new Generator(1);
  const component = backbones.get(kind);
  const backbone = component.create(component.options.parse({}), { generator });
  const named = [...backbone.stateDict()].map(([name, tensor]): [string, Tensor] => {
    const published = backbone.publishedName?.(name) ?? name;
    return [typeof published === 'string' ? published : (published[0] ?? name), tensor];
  });
  writeSafetensors(file, new Map(named));
  backbone.dispose();
}
