import { type PackForecasts, PackWindows } from '../../pipeline/contracts/pack.ts';
import type { LoadedPack } from './pack.ts';

/** Whether values can be added: cases can, temperatures cannot. */
export type Scale = PackWindows['scale'];

const scales = new WeakMap<LoadedPack, Scale>();

/** As the pack tells it. Read once a pack. */
export function scaleOf(pack: LoadedPack): Scale {
  let scale = scales.get(pack);
  if (!scale) {
    scale = scaleIn(pack);
    scales.set(pack, scale);
  }
  return scale;
}

function scaleIn({ files, forecasts }: LoadedPack): Scale {
  const windows = files.get('windows.json');
  if (!windows) return guessedScale(forecasts);
  const { success, data } = PackWindows.safeParse(JSON.parse(Buffer.from(windows).toString('utf8')));
  return success ? data.scale : guessedScale(forecasts);
}

/** Of packs of before it was told: whole numbers without a sign are counts. */
export function guessedScale({ tracts }: PackForecasts): Scale {
  const isCounted = tracts.every(({ recent }) =>
    recent.every(({ value, observed }) => !observed || (Number.isInteger(value) && value >= 0)),
  );
  return isCounted ? 'count' : 'real';
}
