import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** As root, in a container and without a graphics card too. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: browserPath(), args: ['--no-sandbox', '--disable-gpu'] });
}

/** @throws Error where there is no Chromium on this machine */
export function browserPath(): string {
  const found = BROWSERS.find((path) => existsSync(path));
  if (!found) throw new Error(`no Chromium here; looked for ${BROWSERS.join(', ')}`);
  return found;
}
