import fc from 'fast-check';
import { expect, it } from 'vitest';
import { chooseVersions, type VersionFacts } from './choose-versions.ts';

const version = (n: number, parent: number | null = null, data = 'd'): VersionFacts => ({
  version: `v${String(n).padStart(4, '0')}`,
  digest: String(n),
  parent: parent === null ? null : `v${String(parent).padStart(4, '0')}`,
  data_version: data,
});
const none = { aliases: {}, named: [], taggedData: new Map<string, string>(), keep: 1 };
const goes = (choices: ReturnType<typeof chooseVersions>) =>
  choices.filter(({ stays }) => stays.length === 0).map((one) => one.version.version);

it('keeps the champion, its ancestors, what git names, data of tags and the newest', () => {
  const versions = [
    version(1),
    version(2, 1),
    version(3, 1),
    version(4, 2),
    version(5, 4),
    version(6, 4, 'tagged'),
    version(7),
    version(8),
  ];
  const choices = chooseVersions({
    ...none,
    versions,
    aliases: { champion: 'v0004', challenger: null },
    named: [{ version: 'v0003', by: 'branch test' }],
    taggedData: new Map([['tag v1', 'tagged']]),
  });
  expect(choices.map((one) => one.stays)).toEqual([
    ['ancestor of v0003', 'ancestor of v0004'],
    ['ancestor of v0004'],
    ['production.json of branch test'],
    ['champion'],
    [],
    ['data of tag v1'],
    [],
    ['one of the newest 1'],
  ]);
});

it('ends where ancestors name each other, or one that has gone', () => {
  const versions = [version(1, 2), version(2, 1), version(3, 99), version(4)];
  const choices = chooseVersions({ ...none, versions, aliases: { champion: 'v0002', challenger: 'v0003' } });
  expect(goes(choices)).toEqual([]);
});

it('never lets one go that anything names, whatever the history', () => {
  const history = fc
    .array(fc.record({ parent: fc.nat(), data: fc.constantFrom('a', 'b') }), { minLength: 1, maxLength: 25 })
    .map((made) =>
      made.map(({ parent, data }, i) => version(i + 1, i === 0 ? null : 1 + (parent % i), data)),
    );
  const any = fc.nat({ max: 24 });
  fc.assert(
    fc.property(history, any, any, any, fc.integer({ min: 1, max: 5 }), (versions, a, b, c, keep) => {
      const pick = (n: number) => versions[n % versions.length];
      const choices = chooseVersions({
        versions,
        aliases: { champion: pick(a).version, challenger: pick(b).version },
        named: [{ version: pick(c).version, by: 'branch dev' }],
        taggedData: new Map([['tag t', 'b']]),
        keep,
      });
      const gone = new Set(goes(choices));
      const needed = [
        pick(a),
        pick(b),
        pick(c),
        ...versions.slice(-keep),
        ...versions.filter((one) => one.data_version === 'b'),
      ];
      for (const one of needed) expect(gone).not.toContain(one.version);
      // What stays for its own sake keeps its ancestors, to the first.
      for (const root of [pick(a), pick(b), pick(c)]) {
        for (let at = root.parent; at !== null; at = versions.find((one) => one.version === at)!.parent)
          expect(gone).not.toContain(at);
      }
    }),
  );
});
