import type { AddressInfo } from 'node:net';
import { buildApp } from '../../serve/app.ts';
import { lstmParts } from './lstm-service.ts';

/** The service with all its guards and an LSTM; says its port on a line, and ends with its input. */
const parts = lstmParts({ PERENNIAL_RATE_LIMIT: '10000000', PERENNIAL_MAX_EVENT_LOOP_DELAY_MS: '5000' });
const app = await buildApp(parts);
await app.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`${(app.server.address() as AddressInfo).port}\n`);
process.stdin.resume().on('end', () => process.exit(0));
