import { get } from 'node:http';

/** What Docker's HEALTHCHECK runs inside of the container: exit 0 where the service is ready. Without a package, so that it costs
 *  next to nothing every few seconds. */
const LIMIT_MS = 2_500;
const { PORT = '8080', HOST = '127.0.0.1' } = process.env;
const host = HOST === '0.0.0.0' || HOST === '::' || HOST === '' ? '127.0.0.1' : HOST;

const end = (healthy: boolean, why: string) => {
  process.stdout.write(`${why}\n`);
  process.exit(healthy ? 0 : 1);
};
get({ host, port: Number(PORT) || 8080, path: '/health/ready', timeout: LIMIT_MS }, ({ statusCode }) =>
  end(statusCode === 200, `/health/ready answers ${statusCode}`),
)
  .on('timeout', () => end(false, `no answer in ${LIMIT_MS} ms`))
  .on('error', (error: NodeJS.ErrnoException) => end(false, `no answer: ${error.code ?? error.message}`));
