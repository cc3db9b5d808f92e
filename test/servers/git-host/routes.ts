import type { Routes } from './call.ts';
import { actionRoutes } from './routes/actions.ts';
import { appRoutes } from './routes/apps.ts';
import { contentRoutes } from './routes/contents.ts';
import { gitRoutes } from './routes/git.ts';
import { issueRoutes } from './routes/issues.ts';
import { pullRoutes } from './routes/pulls.ts';
import { releaseRoutes } from './routes/releases.ts';
import { rulesetRoutes } from './routes/rulesets.ts';
import { settingRoutes } from './routes/settings.ts';
import { statusRoutes } from './routes/statuses.ts';

/** All endpoints that are built here, by GitHub's own names. */
export const ROUTES: Routes = {
  ...actionRoutes,
  ...appRoutes,
  ...contentRoutes,
  ...gitRoutes,
  ...issueRoutes,
  ...pullRoutes,
  ...releaseRoutes,
  ...rulesetRoutes,
  ...settingRoutes,
  ...statusRoutes,
};
