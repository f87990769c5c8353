/** Gives a component the address of the picture that lies over its image. */

import { useEffect, useState } from 'preact/hooks';
import { fetchPicture, type LayerPicture, layerAddress } from './layer-pictures.js';

/** Says where the picture is; both are null while it is made. */
export interface LoadedLayer {
  readonly source: string | null;
  readonly error: string | null;
}

/** Returns the picture of a layer, which is fetched again when it becomes another; null asks for none. */
export function useLayer(picture: LayerPicture | null): LoadedLayer {
  const address = picture === null ? null : layerAddress(picture);
  const isPredicted = picture !== null && picture.layer.kind !== 'labels';
  const [loaded, setLoaded] = useState<LoadedLayer & { readonly address: string | null }>({
    ...{ address: null, source: null, error: null },
  });
  useEffect(() => {
    if (address === null || !isPredicted) return;
    const abort = new AbortController();
    let made: string | null = null;
    fetchPicture(address, abort.signal).then(
      (source) => {
        made = source;
        if (abort.signal.aborted) URL.revokeObjectURL(source);
        else setLoaded({ address, source, error: null });
      },
      (error: Error) => {
        if (!abort.signal.aborted) setLoaded({ address, source: null, error: error.message });
      },
    );
    return () => {
      abort.abort();
      if (made !== null) URL.revokeObjectURL(made);
    };
  }, [address]);
  if (picture !== null && address === null)
    return { source: null, error: 'there is no run with a checkpoint' };
  if (!isPredicted) return { source: address, error: null };
  return loaded.address === address ? loaded : { source: null, error: null };
}
