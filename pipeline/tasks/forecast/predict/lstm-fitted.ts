import { z } from 'zod';
import type { BundleFiles } from '../../../contracts/bundle.ts';
import { CorruptError } from '../../../contracts/errors.ts';
import { timeAt } from '../../../contracts/panel.ts';
import type { Fitted, Known } from './fitted.ts';
import { networkForward, type Weights } from './lstm-forward.ts';
import {
  baseAt,
  fromScale,
  type LstmSeries,
  lstmSeries,
  spreads,
  writeLeads,
  writeWindow,
} from './lstm-inputs.ts';
import { LstmShape, leadWidth, stepWidth, weightCount, weightViews } from './lstm-shape.ts';
import { drained, type Turns } from './turns.ts';

export const LSTM = 'lstm';
const HEADER = `${LSTM}/shape.json`;
const WEIGHTS = `${LSTM}/weights.f32`;

/** Everything learnt. */
export interface LstmState {
  shape: LstmShape;
  /** Networks whose answers are averaged; each a flat vector, see `weightShapes`. */
  networks: Float32Array[];
  /** Tract id → divisor of its values; only for real series. */
  spread: Record<string, number>;
}

export interface LstmFitted extends Fitted {
  state: LstmState;
}

const Header = z.strictObject({
  format: z.literal(1),
  networks: z.number().int().positive(),
  shape: LstmShape,
  spread: z.record(z.string(), z.number().positive()),
});

export function lstmFitted(state: LstmState): LstmFitted {
  const { shape } = state;
  // Widened once, not at each forecast: for one row the copies took as long as the network.
  const networks = state.networks.map((weights) => weightViews(shape, new Float64Array(weights)));
  return {
    name: LSTM,
    maxLead: shape.maxLead,
    state,
    forecast: (known) => drained(forecastInTurns(state, networks, known)),
    turns: (known) => forecastInTurns(state, networks, known),
    files: () =>
      new Map([
        [HEADER, Buffer.from(`${JSON.stringify(headerOf(state), null, 2)}\n`)],
        [WEIGHTS, toBytes(state.networks)],
      ]),
  };
}

/** @throws CorruptError if the header does not parse or the weights are not as many as it says, or not numbers */
export function loadLstm(files: BundleFiles): LstmFitted {
  const header = parseHeader(files.get(HEADER));
  const bytes = files.get(WEIGHTS);
  const count = weightCount(header.shape);
  if (bytes?.length !== 4 * count * header.networks) {
    throw new CorruptError(
      `${WEIGHTS} has ${bytes?.length ?? 'no'} bytes, its header asks for ${4 * count * header.networks}`,
      { hint: 'take the bundle from the registry again' },
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const networks = Array.from({ length: header.networks }, (_, network) =>
    Float32Array.from({ length: count }, (_, k) => view.getFloat32(4 * (network * count + k), true)),
  );
  if (networks.some((weights) => weights.some((weight) => !Number.isFinite(weight)))) {
    throw new CorruptError(`${WEIGHTS} holds weights that are not finite numbers`, {
      hint: 'take the bundle from the registry again',
    });
  }
  return lstmFitted({ shape: header.shape, networks, spread: header.spread });
}

/** Tracts between two turns: some milliseconds of work. */
const TRACTS_A_TURN = 16;

function* forecastInTurns(state: LstmState, networks: Weights[], all: Known): Turns<Float64Array> {
  const { season, lookback, maxLead } = state.shape;
  // A window reads three seasons before its first step, no further.
  const known = newest(all, lookback + 3 * season + 1);
  const series = lstmSeries(known, state.shape, spreadOf(state, known));
  const out = new Float64Array(series.tracts * maxLead);
  for (let from = 0; from < series.tracts; from += TRACTS_A_TURN) {
    const count = Math.min(TRACTS_A_TURN, series.tracts - from);
    out.set(forecastTracts(series, networks, { from, count }), from * maxLead);
    yield;
  }
  return out;
}

/** @returns shape [count × maxLead] */
function forecastTracts(
  series: LstmSeries,
  networks: Weights[],
  { from, count }: { from: number; count: number },
): Float64Array {
  const { shape, last: end } = series;
  const { maxLead, season, lookback } = shape;
  const width = stepWidth(season);
  const x = new Float32Array(lookback * count * width);
  const leads = new Float32Array(count * maxLead * leadWidth(season));
  for (let row = 0; row < count; row++) {
    const window = { tract: from + row, end };
    writeWindow(series, window, x, { at: row * width, stride: count * width });
    writeLeads(series, window, leads, row * maxLead * leadWidth(season));
  }
  const sum = new Float64Array(count * maxLead);
  const [xs, leadsOf] = [new Float64Array(x), new Float64Array(leads)];
  for (const weights of networks) {
    const answer = networkForward(xs, leadsOf, count, shape, weights);
    for (let k = 0; k < sum.length; k++) sum[k] += answer[k];
  }
  return sum.map((total, k) => {
    const tract = from + Math.floor(k / maxLead);
    const lead = (k % maxLead) + 1;
    const base = baseAt(series, { tract, end, lead, base: shape.base[lead - 1] });
    return fromScale(series, tract, base + total / networks.length);
  });
}

/** The same knowledge without what lies more than `steps` before its last step. */
function newest({ panel, values, observed, cutoff, last }: Known, steps: number): Known {
  const from = Math.max(0, last + 1 - steps);
  const length = last + 1 - from;
  const cut = <T extends Float64Array | Uint8Array>(all: T, into: T): T => {
    for (let tract = 0; tract < panel.tracts.length; tract++) {
      const at = tract * panel.length + from;
      into.set(all.subarray(at, at + length), tract * length);
    }
    return into;
  };
  const size = panel.tracts.length * length;
  return {
    panel: { ...panel, start: timeAt(panel, from), length },
    values: cut(values, new Float64Array(size)),
    observed: cut(observed, new Uint8Array(size)),
    cutoff: cutoff - from,
    last: last - from,
  };
}

/** Spreads as they were when the weights learnt them: serving sees too little of a series to measure them again. */
export function spreadOf({ shape, spread }: LstmState, known: Known): Float64Array {
  const measured = spreads(known, shape);
  return measured.map((own, tract) => spread[known.panel.tracts[tract].id] ?? own);
}

function headerOf({ shape, networks, spread }: LstmState): z.input<typeof Header> {
  return { format: 1, networks: networks.length, shape, spread };
}

function parseHeader(bytes: Uint8Array | undefined): z.output<typeof Header> {
  try {
    return Header.refine(({ shape }) => shape.base.length === shape.maxLead, 'one base a lead').parse(
      JSON.parse(Buffer.from(bytes ?? []).toString('utf8')),
    );
  } catch (cause) {
    throw new CorruptError(`${HEADER} is missing or not the header of an LSTM`, {
      cause,
      hint: 'take the bundle from the registry again',
    });
  }
}

/** float32, little-endian, on any machine. */
function toBytes(networks: Float32Array[]): Uint8Array {
  const bytes = new Uint8Array(4 * networks.reduce((sum, weights) => sum + weights.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const weights of networks) {
    for (const weight of weights) {
      view.setFloat32(at, weight, true);
      at += 4;
    }
  }
  return bytes;
}
