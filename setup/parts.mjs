import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { provideDvc, provideVenv, REQUIREMENTS } from './dvc.mjs';
import { LOCK_FILE, NODE_MODULES, providePackages } from './packages.mjs';
import { REPOSITORY, VENV } from './places.mjs';
import { PACKAGE, provideTensorFlow } from './tensorflow.mjs';

/** @typedef {import('./stamp.mjs').Part & { title: string, expected: string }} SaidPart */

/** @type {SaidPart} */
export const packages = {
  name: 'packages',
  title: 'npm packages',
  expected: 'about 20 s',
  stamp: join(NODE_MODULES, '.perennial-packages.json'),
  inputs: () => [readFileSync(LOCK_FILE)],
  provide: providePackages,
};

/** @type {SaidPart} */
export const venv = {
  name: 'venv',
  title: 'Python environment in .venv',
  expected: 'about 8 s',
  stamp: join(VENV, '.perennial-venv.json'),
  inputs: () => ['1'],
  provide: provideVenv,
};

/** @type {SaidPart} */
export const dvc = {
  name: 'dvc',
  title: 'DVC',
  expected: 'about 15 s',
  stamp: join(VENV, '.perennial-dvc.json'),
  inputs: () => [readFileSync(REQUIREMENTS)],
  provide: provideDvc,
};

/** @type {SaidPart} */
export const tensorflow = {
  name: 'tensorflow',
  title: 'native TensorFlow',
  expected: 'seconds, or about a minute the first time on this machine',
  stamp: join(PACKAGE, '.perennial-tensorflow.json'),
  // N-API addons outlive a change of Node; the platform decides which library fits.
  inputs: () => [
    readFileSync(join(REPOSITORY, 'setup', 'tensorflow-wheel.txt')),
    process.platform,
    process.arch,
    process.versions.napi ?? '',
  ],
  provide: provideTensorFlow,
};

export const parts = [packages, venv, dvc, tensorflow];
