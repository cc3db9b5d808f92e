const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** Length of a duration as `params.yaml` writes it: a number and m, h, d or w.
 *  @returns milliseconds
 *  @throws RangeError on anything else */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([mhdw])$/.exec(text);
  if (!match) {
    throw new RangeError(`"${text}" is not a duration: expected a number and m, h, d or w, such as 6h or 1d`);
  }
  return Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
}
