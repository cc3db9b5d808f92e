import { UsageError } from '../../pipeline/contracts/errors.ts';
import type { Source } from '../sources/source.ts';
import { loadModel } from './model.ts';
import { loadPack } from './pack.ts';
import type { Slot } from './slots.ts';

/** Loads what the source names into a slot that has nothing yet.
 *  @throws UsageError where nothing was promoted or published; CorruptError where a file is not what it should be */
export async function loadFirst(slot: Slot, source: Source): Promise<void> {
  const version = await source.version(slot.name);
  const pack = await source.pack(slot.name, null);
  if (!version || !pack) {
    throw new UsageError(`there is no champion of ${slot.name} with a forecast in ${source.where} yet`, {
      hint: 'run `npm start` first: it trains one and publishes what it forecasts',
    });
  }
  const model = loadModel(await source.bundle(slot.name, version), version);
  slot.swap({ model, pack: loadPack(pack.files) });
}
