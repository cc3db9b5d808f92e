import { knownPaths } from './description.ts';

/** Parameters whose values may hold slashes. */
const LONG = new Set(['path', 'ref', 'branch', 'basehead']);

interface Pattern {
  template: string;
  match: RegExp;
  names: string[];
}

const patterns = new Map<string, Pattern>();
let all: Pattern[] | undefined;

/** The route that a path means among those that are built here; of several the one with most fixed parts. */
export function routeFor(
  keys: readonly string[],
  method: string,
  path: string,
): { key: string; values: Record<string, string> } | null {
  const fitting = keys
    .filter((key) => key.startsWith(`${method} `))
    .map((key) => ({ key, values: valuesIn(patternOf(key.slice(method.length + 1)), path) }))
    .filter((one): one is { key: string; values: Record<string, string> } => one.values !== null);
  return fitting.sort((a, b) => fixedParts(b.key) - fixedParts(a.key))[0] ?? null;
}

/** Whether GitHub itself has an endpoint there. */
export function isGithubPath(path: string): boolean {
  all ??= knownPaths().map(patternOf);
  return all.some((pattern) => pattern.match.test(path));
}

function patternOf(template: string): Pattern {
  let pattern = patterns.get(template);
  if (!pattern) {
    const names: string[] = [];
    const text = template.split('/').map((part) => {
      const name = /^\{(\w+)\}$/.exec(part)?.[1];
      if (!name) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      names.push(name);
      return LONG.has(name) ? '(.+)' : '([^/]+)';
    });
    pattern = { template, names, match: new RegExp(`^${text.join('/')}$`) };
    patterns.set(template, pattern);
  }
  return pattern;
}

function valuesIn(pattern: Pattern, path: string): Record<string, string> | null {
  const found = pattern.match.exec(path);
  return (
    found && Object.fromEntries(pattern.names.map((name, i) => [name, decodeURIComponent(found[i + 1])]))
  );
}

const fixedParts = (key: string) => key.split('/').filter((part) => !part.startsWith('{')).length;
