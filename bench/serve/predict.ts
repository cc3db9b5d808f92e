import autocannon from 'autocannon';
import { LSTM_SETTINGS } from '../../pipeline/tasks/forecast/lstm-settings.ts';
import { leadWidth, stepWidth } from '../../pipeline/tasks/forecast/predict/lstm-shape.ts';
import { type BenchPart, median, tick } from '../table.ts';
import { type Server, startServer } from './load.ts';
import { LSTM_SHAPE } from './lstm-service.ts';
import { startPeer } from './predict-peer.ts';

const PAIRS = Number(process.env.BENCH_ROUNDS ?? 9);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 3);
const CONNECTIONS = 16;
const LEAST = 3;

/** `/predict` of one row through an LSTM, beside FastAPI and uvicorn with a network of the same sizes in TensorFlow. */
export async function benchPredict(): Promise<BenchPart> {
  const { lookback, season, maxLead, units, hidden } = LSTM_SHAPE;
  const { networks } = LSTM_SETTINGS;
  const own: Rate[] = [];
  const theirs: Rate[] = [];
  let ours: Server | null = null;
  let peer: Awaited<ReturnType<typeof startPeer>> | null = null;
  try {
    ours = await startServer('bench/serve/predict-server.ts');
    peer = await startPeer([
      lookback,
      stepWidth(season),
      leadWidth(season),
      maxLead,
      units,
      hidden,
      networks,
    ]);
    const turns = [
      { port: ours.port, into: own },
      { port: peer.port, into: theirs },
    ];
    for (const { port } of turns) await ask(port);
    for (let pair = 0; pair < PAIRS; pair++) {
      // Who goes first changes: a neighbour's burst of load must not always hit the same one.
      for (const { port, into } of pair % 2 === 0 ? turns : turns.toReversed()) into.push(await ask(port));
    }
  } finally {
    await ours?.close();
    await peer?.close();
  }
  const ratio = median(own.map(({ perSecond }, pair) => perSecond / theirs[pair].perSecond));
  const failed = [...own, ...theirs].reduce((sum, one) => sum + one.failed, 0);
  const of = (rates: Rate[], figure: keyof Rate) => median(rates.map((one) => one[figure]));
  return {
    rows: [
      [
        '`/predict`, one row through the LSTM',
        `${of(own, 'perSecond').toFixed(0)}/s, ${ratio.toFixed(1)} × ${tick(ratio >= LEAST)}`,
        `≥ ${LEAST} ×`,
        `FastAPI + uvicorn + TensorFlow ${of(theirs, 'perSecond').toFixed(0)}/s`,
      ],
      ['`/predict`, failed requests', `${failed} ${tick(failed === 0)}`, '0', ''],
    ],
    notes: [
      `/predict: a row of 28 days, ${networks} LSTM(${units}) of ${lookback} steps with a hidden layer of ${hidden} and ${maxLead} horizons, ${CONNECTIONS} connections of autocannon from another process on loopback; ${PAIRS} alternating pairs of ${SECONDS} s after a warm-up each, the ratio is the median of the pairs' ratios. With every guard and metric on.`,
      `The peer: FastAPI 0.128, uvicorn 0.40 with uvloop and httptools, one worker, TensorFlow 2.15.1 with its default threads on the same cores, called by ${peer?.called ?? ''}, which was the faster way. It checks the row with pydantic and leaves out the calendar, the growth and the intervals that ours computes.`,
    ],
  };
}

interface Rate {
  perSecond: number;
  failed: number;
}

const BODY = JSON.stringify({
  rows: [
    { tract: '001', time: '2026-06-30', values: Array.from({ length: 28 }, (_, day) => 100 + 5 * (day % 7)) },
  ],
});

async function ask(port: number): Promise<Rate> {
  const { requests, non2xx, errors, timeouts, duration } = await autocannon({
    url: `http://127.0.0.1:${port}/predict`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: BODY,
    connections: CONNECTIONS,
    duration: SECONDS,
  });
  return { perSecond: requests.total / duration, failed: non2xx + errors + timeouts };
}
