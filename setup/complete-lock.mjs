// node setup/complete-lock.mjs: to be run after `npm install <package>` where the registry carries only some platforms'
// packages. npm then leaves the other platforms out of package-lock.json, and `npm ci` refuses such a file everywhere.
// The entries that it adds hold the exact version and the platform; without a registry there is no hash to hold.
import { readFileSync, writeFileSync } from 'node:fs';
import { LOCK_FILE } from './packages.mjs';

const OS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const CPU = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

/** @typedef {{ version?: string, dev?: boolean, optionalDependencies?: Record<string, string> }} Entry */

const lock = JSON.parse(readFileSync(LOCK_FILE, 'utf8'));
/** @type {Record<string, Entry & Record<string, unknown>>} */
const packages = lock.packages;
let added = 0;
for (const entry of Object.values(packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`;
    const platform = platformOf(name);
    if (packages[path] || !platform || !/^\d/.test(version)) continue;
    packages[path] = { version, ...platform, ...(entry.dev ? { dev: true } : {}), optional: true };
    added += 1;
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
if (added > 0) writeFileSync(LOCK_FILE, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} packages of other platforms added to package-lock.json`);

/** @param {string} name such as @rollup/rollup-linux-arm64-musl
 *  @returns null for packages of every platform */
function platformOf(name) {
  const words = (name.split('/')[1] ?? name).split('-');
  const os = OS.find((each) => words.includes(each));
  const cpu = CPU.find((each) => words.includes(each));
  if (!os || !cpu) return null;
  const libc =
    os !== 'linux' ? {} : { libc: [words.some((word) => word.startsWith('musl')) ? 'musl' : 'glibc'] };
  return { cpu: [cpu], os: [os], ...libc };
}
