import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { npmTool, pythonWith } from './installed.ts';

let cache: string;
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'perennial-installed-'));
  vi.stubEnv('XDG_CACHE_HOME', cache);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(cache, { recursive: true, force: true });
});

it('installs a tool once, whoever asks at the same time', async () => {
  const said: string[] = [];
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((line) => {
    said.push(String(line));
    return true;
  });
  const folders = await Promise.all([npmTool('is-number', '7.0.0'), npmTool('is-number', '7.0.0')]);
  stderr.mockRestore();
  expect(folders[0]).toBe(folders[1]);
  expect(JSON.parse(await readFile(join(folders[0], 'package.json'), 'utf8')).version).toBe('7.0.0');
  expect(said.filter((line) => line.includes('installing is-number 7.0.0 into'))).toHaveLength(1);
});

it('makes a half-made one anew, and another version beside it', async () => {
  const folder = await npmTool('is-number', '7.0.0');
  const [made] = (await readdir(join(cache, 'perennial'))).filter((name) => /^npm-is-number-\w+$/.test(name));
  await rm(join(cache, 'perennial', made, '.perennial.json'));
  await writeFile(join(folder, 'half'), '');
  expect(await npmTool('is-number', '7.0.0')).toBe(folder);
  expect(existsSync(join(folder, 'half'))).toBe(false);
  expect(await npmTool('is-number', '6.0.0')).not.toBe(folder);
  expect(existsSync(folder)).toBe(true);
});

it('says what could not be installed, and leaves nothing that looks finished', async () => {
  await expect(pythonWith('none', ['uv==0.0.0'])).rejects.toThrow(/uv==0\.0\.0/);
  const names = await readdir(join(cache, 'perennial'));
  const [folder] = names.filter((name) => /^none-\w+$/.test(name));
  expect(existsSync(join(cache, 'perennial', folder, '.perennial.json'))).toBe(false);
  expect(names.filter((name) => name.endsWith('.lock'))).toEqual([]);
});
