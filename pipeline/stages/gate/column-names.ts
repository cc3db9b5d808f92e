export interface NamedColumns {
  names: string[];
  /** Repairs: new names as `was → is`. */
  unnamed: string[];
  repeated: string[];
}

/** Names that are unique (DuckDB ignores case) and not empty.
 *  @param header cells of the header, or null for `col_1` … `col_n` */
export function columnNames(header: string[] | null, fields: number): NamedColumns {
  const unnamed: string[] = [];
  const repeated: string[] = [];
  const taken = new Set(['_line', '_file']);
  const names = Array.from({ length: fields }, (_, index) => {
    const cell = (header?.[index] ?? '').replace(/[\s\u00a0\ufeff]+/g, ' ').trim();
    const wanted = cell === '' ? `col_${index + 1}` : cell;
    let name = wanted;
    for (let copy = 2; taken.has(name.toLowerCase()); copy++) name = `${wanted}_${copy}`;
    taken.add(name.toLowerCase());
    if (cell === '' && header !== null) unnamed.push(name);
    else if (name !== wanted) repeated.push(`${wanted} → ${name}`);
    return name;
  });
  return { names, unnamed, repeated };
}
