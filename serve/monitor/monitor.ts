import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { FastHistogram } from './fast-histogram.ts';

/** Seconds; dense around half a second, at which the latency alert rings, and below, where answers should be. */
const LATENCY = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.4, 0.5, 0.6, 1, 2.5, 5, 10];

/** Every metric of the service. Values of labels come from our own lists, never from what a client sent, so their number is
 *  bounded. A registry of its own: two services in one process do not share their counts. */
export function monitorOf({ processMetrics = true } = {}) {
  const registry = new Registry();
  const registers = [registry];
  if (processMetrics) collectDefaultMetrics({ register: registry });
  const counter = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Counter({ name: `perennial_${name}`, help, labelNames, registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Gauge({ name: `perennial_${name}`, help, labelNames, registers });
  const histogram = <L extends string>(name: string, help: string, labelNames: L[], buckets: number[]) =>
    new FastHistogram({ name: `perennial_${name}`, help, labelNames, buckets, registry });
  const live = { inFlight: 0 };
  return {
    registry,
    /** Counted by hand, read when it is asked for. */
    live,
    /** `route` is the pattern that was registered (`unknown` where none fits), `status` the code. */
    requests: counter('http_requests_total', 'Answered requests.', ['route', 'method', 'status']),
    latency: histogram(
      'http_request_duration_seconds',
      'From the request’s head to its answer, seconds.',
      ['route'],
      LATENCY,
    ),
    inFlight: new Gauge({
      name: 'perennial_http_requests_in_flight',
      help: 'Requests being answered.',
      registers,
      collect() {
        this.set(live.inFlight);
      },
    }),
    /** pressure, queue, rate-limit, timeout */
    shed: counter('shed_requests_total', 'Requests turned away so that others are answered.', ['reason']),
    predictions: counter('predictions_total', 'Predicted rows and tracts.', ['model', 'version']),
    predictionValue: histogram(
      'prediction_value',
      'First value of each prediction, in units of the target.',
      ['model', 'version'],
      [0, 1, 3, 10, 30, 100, 300, 1e3, 3e3, 1e4, 3e4, 1e5, 1e6],
    ),
    batchRows: histogram(
      'batch_rows',
      'Rows a call of the model.',
      ['model'],
      [1, 2, 4, 8, 16, 64, 256, 1000],
    ),
    queued: gauge('queue_length', 'Rows and jobs that wait.', ['queue']),
    jobs: counter('jobs_total', 'Jobs that ended.', ['outcome']),
    /** Requests that asked a model, and those with a field outside of what it has learnt from. */
    asked: counter('model_requests_total', 'Requests that asked a model.', ['model']),
    outOfRange: counter(
      'out_of_range_requests_total',
      'Requests with a field outside of the range that the model has learnt from.',
      ['model'],
    ),
    modelInfo: gauge('model_info', 'What is served: 1.', [
      'model',
      'version',
      'digest',
      'data_version',
      'candidate',
      'role',
    ]),
    /** kind: bundle, pack; result: swapped, refused, rolled-back, failed */
    swaps: counter('swaps_total', 'Bundles and observation packs that came.', ['model', 'kind', 'result']),
    trainedAt: gauge(
      'model_trained_timestamp_seconds',
      'Last moment that the served model has learnt from.',
      ['model'],
    ),
    observedAt: gauge('data_timestamp_seconds', 'Newest observation that is served.', ['model']),
    publishedAt: gauge(
      'pack_published_timestamp_seconds',
      'When the served observation pack was published.',
      ['model'],
    ),
    followedAt: gauge('source_success_timestamp_seconds', 'When the source last answered.', ['model']),
  };
}

export type Monitor = ReturnType<typeof monitorOf>;
