// A service that swaps: its champion is promoted, serves, and is taken back. Killed at one write or another (test/dies-at-write.ts).
import { join } from 'node:path';
import { startService, workspaceIn } from '../following.testing.ts';

const [root] = process.argv.slice(2);
const home = workspaceIn(root);
const service = await startService({
  source: home.source(),
  state: join(root, 'state'),
  env: { PERENNIAL_TRIAL_REQUESTS: '5' },
});
for (const version of ['v0002', 'v0001']) {
  await home.promote(version);
  await service.follower.look();
  service.answer(5);
  await service.state.settled();
}
await service.close();
