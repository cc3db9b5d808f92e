import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { glob } from 'tinyglobby';
import { describe, expect, it } from 'vitest';
import { withScratch } from '../pipeline/clients/scratch.ts';
import { REPOSITORY } from '../pipeline/workspace.ts';
import { wrongInKubernetes } from './lint-kubernetes.ts';

const FOLDER = join(REPOSITORY, 'deploy', 'kubernetes');

describe('deploy/kubernetes', () => {
  it('is what the API of Kubernetes takes', async ({ skip }) => {
    const wrong = await wrongInKubernetes(await glob('*.yaml', { cwd: FOLDER, absolute: true }));
    if (wrong === null) skip('no Go here');
    expect(wrong).toBe('');
  });

  it.each([
    [
      'a setting that there is not',
      'readOnlyRootFilesystem:',
      'readonlyRootFilesystem:',
      /readonlyRootFilesystem/,
    ],
    ['a number in place of a word', 'type: RollingUpdate', 'type: 7', /want string/],
  ])('is refused for %s', async (_, from, to, words) => {
    await withScratch(async (folder) => {
      const text = await readFile(join(FOLDER, 'deployment.yaml'), 'utf8');
      expect(text).toContain(from);
      await writeFile(join(folder, 'deployment.yaml'), text.replace(from, to));
      const wrong = await wrongInKubernetes([join(folder, 'deployment.yaml')]);
      if (wrong !== null) expect(wrong).toMatch(words);
    });
  });

  it('has every resource in its kustomization', async () => {
    const listed = await readFile(join(FOLDER, 'kustomization.yaml'), 'utf8');
    for (const name of await glob('*.yaml', { cwd: FOLDER }))
      if (name !== 'kustomization.yaml') expect(listed).toContain(`- ${name}\n`);
  });
});
