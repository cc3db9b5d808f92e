import { parentPort, workerData } from 'node:worker_threads';
import { outlinesOf } from './outline.ts';

const geojson = JSON.parse(Buffer.from(workerData as Uint8Array).toString('utf8'));
parentPort!.postMessage(outlinesOf(geojson));
