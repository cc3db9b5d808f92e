import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

const REPOSITORY = join(import.meta.dirname, '..');
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(REPOSITORY, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const SCRIPTS = Object.keys(JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')).scripts);
/** What a run of the embedded example leaves; committed by the robot, not by hand. */
const EXAMPLE = 'reports/infections';

describe.each(PAGES)('%s', (page) => {
  const text = readFileSync(join(REPOSITORY, page), 'utf8');

  test('links to files that are there', () => {
    const broken = linksOf(text)
      .map((link) => relative(REPOSITORY, join(REPOSITORY, dirname(page), link)))
      .filter((path) => !path.startsWith(EXAMPLE) || existsSync(join(REPOSITORY, EXAMPLE)))
      .filter((path) => !existsSync(join(REPOSITORY, path)));
    expect(broken).toEqual([]);
  });

  test('names npm scripts that there are', () => {
    const unknown = scriptsOf(text).filter((name) => !SCRIPTS.includes(name));
    expect(unknown).toEqual([]);
  });

  test('names files of the repository that are there', () => {
    const missing = pathsOf(text).filter((path) => !existsSync(join(REPOSITORY, path)));
    expect(missing).toEqual([]);
  });
});

test('the README says how to start and how to test', () => {
  const text = readFileSync(join(REPOSITORY, 'README.md'), 'utf8');
  expect(scriptsOf(text)).toEqual(expect.arrayContaining(['start', 'test', 'pipeline', 'serve', 'backtest']));
  expect(linksOf(text)).toEqual(expect.arrayContaining(['params.yaml', 'docs/params.md', 'bench/README.md']));
  expect(text.split('\n').length).toBeLessThanOrEqual(200);
});

/** Relative targets of Markdown links, without their anchors. */
function linksOf(text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target.replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target));
}

function scriptsOf(text: string): string[] {
  const run = [...text.matchAll(/\bnpm run (?:--silent )?([a-z][a-z0-9:-]*)/g)].map(([, name]) => name);
  const short = [...text.matchAll(/\bnpm (start|test)\b/g)].map(([, name]) => name);
  return [...run, ...short];
}

/** Paths in code marks that begin with a folder of ours and hold no pattern. */
function pathsOf(text: string): string[] {
  return [...text.matchAll(/`((?:pipeline|serve|setup|bench|test|docs)\/[\w./-]+)`/g)].map(
    ([, path]) => path,
  );
}
