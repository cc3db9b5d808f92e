import type { ExpectationResult } from '../../contracts/gate.ts';
import type { GateParams } from '../../contracts/params.ts';
import { expectFewMissingDays, expectFresh, expectNoFuture } from './expectations/calendar.ts';
import { expectPlausible, expectRanges, expectTypes } from './expectations/cells.ts';
import { expectUniqueKeys } from './expectations/keys.ts';
import { expectFewNulls } from './expectations/nulls.ts';
import { expectClearRoles, type RoleProblem } from './expectations/roles.ts';
import { expectRows } from './expectations/rows.ts';
import { expectSteadyLevels, expectTotalsToGrow } from './expectations/series.ts';
import { expectHistory, expectKnownTracts } from './expectations/tracts.ts';
import type { Measurements } from './measurements.ts';

export interface Known {
  problems: readonly RoleProblem[];
  keys: readonly string[];
  tracts: ReadonlySet<string>;
  /** Of the snapshot last accepted; null: there is none. */
  previous: { rows: number; tracts: readonly string[] | null } | null;
  clock: { now: Date; asked: boolean };
}

/** Every expectation, in the order in which a person wants to read them. None of them stops another. */
export function expectAll(measured: Measurements, policy: GateParams, known: Known): ExpectationResult[] {
  return [
    ...expectClearRoles(known.problems, policy),
    ...expectRows(measured, policy, known.previous?.rows ?? null),
    ...expectFewNulls(measured, policy),
    expectUniqueKeys(measured, known.keys),
    ...expectTypes(measured, policy),
    ...expectRanges(measured),
    ...expectPlausible(measured),
    expectNoFuture(measured, policy),
    ...expectFewMissingDays(measured, policy),
    ...expectTotalsToGrow(measured, policy),
    ...expectSteadyLevels(measured, policy),
    expectFresh(measured, policy, known.clock),
    ...expectKnownTracts(known.tracts, known.previous?.tracts ?? null),
    expectHistory(measured),
  ];
}
