// Run with --expose-gc: says what is still held of a bundle and a pack that were replaced.
import { setTimeout as wait } from 'node:timers/promises';
import { samples, startService, temporaryFolder, workspaceIn } from '../following.testing.ts';
import { packOf, sampleOf } from '../sample-service.testing.ts';

const { one, two } = samples;
const { folder, remove } = await temporaryFolder();
const home = workspaceIn(folder);
await home.register(one);
await home.register(two);
await home.promote('v0001');
await home.publish(one.pack);
const service = await startService({
  source: home.source(),
  state: `${folder}/state`,
  env: { PERENNIAL_TRIAL_REQUESTS: '5' },
});

const before = () => {
  const { model, pack } = service.slot.current!;
  return { edition: new WeakRef(service.slot.current!), model: new WeakRef(model), pack: new WeakRef(pack!) };
};
const old = before();
await home.promote('v0002');
await home.publish(packOf({ ...two, digest: two.version.digest, panel: sampleOf({ days: 121 }).panel }));
await service.follower.look();
const onTrial = await held();
service.answer(5);
await service.state.settled();
const after = await held();
console.log(JSON.stringify({ served: service.served(), onTrial, after }));
await service.close();
await remove();

async function held(): Promise<string[]> {
  for (let at = 0; at < 5; at++) {
    await wait(20);
    (globalThis as { gc?: () => void }).gc!();
  }
  return Object.entries(old)
    .filter(([, ref]) => ref.deref() !== undefined)
    .map(([name]) => name);
}
