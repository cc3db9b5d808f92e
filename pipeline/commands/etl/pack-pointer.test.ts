import { expect, it } from 'vitest';
import { CorruptError } from '../../contracts/errors.ts';
import { packPointer, readPackPointer } from './pack-pointer.ts';

const meta = {
  bundle: 'b'.repeat(64),
  snapshot: 'a'.repeat(64),
  data_version: 'aba349c5e5f81882d69770d82e1f0cdf.dir',
  last_time: '2026-07-01T00:00:00.000Z',
  published_at: '2026-07-01T06:17:00.000Z',
};

it('is read back, before DVC has completed it and after', () => {
  const written = packPointer('infections', meta);
  expect(readPackPointer(written)).toEqual({ meta, md5: null });
  const completed = `${written.trimEnd()}\n    md5: 23451deeebca437181ac0e3820996a57.dir\n    size: 3\n    nfiles: 1\n`;
  expect(readPackPointer(completed)).toEqual({ meta, md5: '23451deeebca437181ac0e3820996a57.dir' });
});

it('points to the folder of the pack, from reports/', () => {
  expect(packPointer('infections', meta)).toContain('wdir: ../../artifacts/infections\n');
});

it('is none where there is none, and refused where it is not ours', () => {
  expect(readPackPointer(null)).toBeNull();
  expect(() => readPackPointer('outs:\n- path: ../../etc\n')).toThrow(CorruptError);
});
