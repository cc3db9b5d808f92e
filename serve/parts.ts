import type { Life } from './guards/life.ts';
import type { Log } from './log.ts';
import type { Monitor } from './monitor/monitor.ts';
import type { Follower } from './predictor/follow.ts';
import type { Slots } from './predictor/slots.ts';
import type { ServiceSettings } from './settings.ts';

/** What routes are given. */
export interface Parts {
  slots: Slots;
  monitor: Monitor;
  settings: ServiceSettings;
  life: Life;
  /** Who follows what is released, by model; absent where nobody does. */
  followers?: ReadonlyMap<string, Follower>;
  /** Default: nothing is said. */
  log?: Log;
  now: () => Date;
}
