import { expect, it } from 'vitest';
import { REPOSITORY } from '../workspace.ts';
import { codeOf, importsOf, workTree } from './code-of.ts';

it('finds what runs, over several lines too, and leaves types and comments out', () => {
  const text = `
import a from './a.ts';
import { b, type B } from "./b.ts";
import {
  c,
  cc as see,
} from './c.ts';
import * as d from 'd/deep';
import './e.ts';
import type { F } from './f.ts';
import type G from './g.ts';
export { h } from './h.ts';
export type { I } from './i.ts';
export type J = typeof import('./j.ts');
const k = await import('./k.ts');
export const l = () => import('@scope/l/deep').then((m) => m.x);
// await import('./comment.ts');
type M = Array<import('./m.ts').M>;
const text = "import of 'goods' from 'abroad'";
`;
  expect(importsOf(text)).toEqual([
    './a.ts',
    './b.ts',
    './c.ts',
    'd/deep',
    './e.ts',
    './h.ts',
    './k.ts',
    '@scope/l/deep',
  ]);
});

it("follows this repository's own stages down to the metrics and the libraries", async () => {
  const { files, packages } = await codeOf('pipeline/stages/train/run.ts', workTree(REPOSITORY));
  expect([...files.keys()]).toEqual(
    expect.arrayContaining(['pipeline/stages/train/run.ts', 'pipeline/files.ts']),
  );
  expect([...files.keys()].filter((path) => path.includes('/stages/') && !path.includes('/train/'))).toEqual(
    [],
  );
  expect(packages).toEqual(expect.arrayContaining(['@tensorflow/tfjs-node', 'zod']));
});
