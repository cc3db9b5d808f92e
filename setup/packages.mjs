import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from './command.mjs';
import { logOf, REPOSITORY } from './places.mjs';

export const LOCK_FILE = join(REPOSITORY, 'package-lock.json');
export const NODE_MODULES = join(REPOSITORY, 'node_modules');

/** Installs the npm packages of the lock file. Install scripts are left out: the one that matters, TensorFlow's,
 *  has a part of its own. */
export async function providePackages() {
  if (areInstalled()) return 'there already';
  await command('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: REPOSITORY,
    timeoutMs: 10 * 60_000,
    log: logOf('packages'),
    hint: 'check the connection to the npm registry, and that package.json and package-lock.json agree',
  });
  return 'installed';
}

/** After somebody's own `npm install` the packages are right already, and `npm ci` would throw the built TensorFlow
 *  away with them. npm notes what it has installed in a lock file of its own. */
function areInstalled() {
  /** @type {Record<string, { integrity?: string, optional?: boolean }>} */
  let installed;
  try {
    installed = JSON.parse(readFileSync(join(NODE_MODULES, '.package-lock.json'), 'utf8')).packages;
  } catch {
    return false;
  }
  /** @type {typeof installed} */
  const wanted = JSON.parse(readFileSync(LOCK_FILE, 'utf8')).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const there = installed[path];
    // Optional packages may be for other platforms.
    return there ? there.integrity === entry.integrity : entry.optional === true;
  });
}
