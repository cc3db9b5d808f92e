import type { Answers } from './answers.ts';

/** Settings of `.env` that an answer decides; null: it must not be there, for it would win over the answer. */
export function settingsOf({
  homes,
  storage,
}: Pick<Answers, 'homes' | 'storage'>): Record<string, string | null> {
  return {
    DAGSHUB_REPO: homes.kind === 'dagshub' ? homes.repository : null,
    MLFLOW_TRACKING_URI: homes.kind === 'mlflow' ? homes.url : null,
    PERENNIAL_REMOTE: storage.kind === 'remote' ? storage.url : null,
  };
}

/** `.env` with these settings; every other line stays as it is.
 *  @param secrets names that the file should hold and does not: told in a comment, for nobody puts them there but people */
export function editEnv(
  text: string,
  { settings, secrets }: { settings: Record<string, string | null>; secrets: string[] },
): string {
  const open = new Map(Object.entries(settings));
  const kept = text.split('\n').flatMap((line) => {
    const name = nameOf(line);
    const wanted = name === undefined ? undefined : open.get(name);
    if (name === undefined || wanted === undefined) return [line];
    open.delete(name);
    return wanted === null ? [] : [`${name}=${wanted}`];
  });
  const known = new Set(kept.flatMap((line) => nameOf(line.replace(/^#\s*/, '')) ?? []));
  const added = [
    ...[...open].flatMap(([name, value]) => (value === null ? [] : [`${name}=${value}`])),
    ...secrets.filter((name) => !known.has(name)).map((name) => `# ${name}=`),
  ];
  if (added.length === 0) return kept.join('\n');
  const before = kept.join('\n').trimEnd();
  return `${before === '' ? '' : `${before}\n`}${added.join('\n')}\n`;
}

const nameOf = (line: string) => /^\s*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=/.exec(line)?.[1];
