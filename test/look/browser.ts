import { existsSync } from 'node:fs';

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** @throws Error where there is no Chromium on this machine */
export function browserPath(): string {
  const found = BROWSERS.find((path) => existsSync(path));
  if (!found) throw new Error(`no Chromium here; looked for ${BROWSERS.join(', ')}`);
  return found;
}
