import { packSnapshots } from './snapshot-archive.ts';

let most = 0;
// `maxRSS` would begin with what the parent held.
const timer = setInterval(() => {
  most = Math.max(most, process.memoryUsage.rss());
}, 10);
await packSnapshots(process.argv[2]);
clearInterval(timer);
if (process.argv[3] === 'memory') console.log(most);
