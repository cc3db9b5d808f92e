/** Where a snapshot or a data version went. `perennial explain --snapshot … --json` prints it. */
export interface Uses {
  model: string;
  /** What was asked for, as found: stamp and SHA-256 of a snapshot, or a data version. */
  of: { kind: 'snapshot' | 'data'; value: string };
  versions: Use[];
  /** The forecasts of this machine; null: none were published. */
  forecasts: Use | null;
}

export interface Use {
  /** A version, or the moment at which forecasts were published. */
  name: string;
  aliases: string[];
  data_version: string;
  /** unknown: that data version is not on this machine. */
  used: 'yes' | 'no' | 'unknown';
}

/** For a terminal. */
export function usesText({ model, of, versions, forecasts }: Uses): string {
  const by = (used: Use['used']) => versions.filter((version) => version.used === used);
  const yes = by('yes');
  const what = of.kind === 'snapshot' ? 'snapshot' : 'data version';
  return [
    `${model}: ${what} ${of.value}`,
    '',
    yes.length === 0 ? '  no version is known to have learnt from it' : '  versions trained on it',
    ...yes.map(line),
    ...unsure(by('unknown')),
    '',
    forecasts === null ? '  nothing was published on this machine' : standing(forecasts),
  ].join('\n');
}

function line({ name, aliases, data_version }: Use): string {
  const told = aliases.length > 0 ? ` (${aliases.join(', ')})` : '';
  return `    ${name}${told}  data ${data_version}`;
}

function unsure(unknown: Use[]): string[] {
  if (unknown.length === 0) return [];
  const names = unknown.map(({ name }) => name).join(', ');
  return [
    `  could not be told of ${names}: their data is not in the cache of this machine (\`perennial explain ${unknown[0].name}\` says how to fetch it)`,
  ];
}

function standing({ used, name, data_version }: Use): string {
  const stand = { yes: 'stand on it', no: 'do not stand on it', unknown: 'may stand on it' }[used];
  return `  the forecasts published ${name} ${stand} (data ${data_version})`;
}
