import { join } from 'node:path';
import { request } from 'undici';
import { npmTool } from './installed.ts';
import { ServerProcess } from './server-process.ts';

/** s3rver knows this one pair. */
export const S3_KEYS = { access_key_id: 'S3RVER', secret_access_key: 'S3RVER' };

export interface S3Server {
  origin: string;
  /** The folder that holds its buckets. */
  objects: string;
  stop(): Promise<void>;
}

/** An S3 server with one bucket, that checks the signature of each request. */
export async function startS3(bucket: string): Promise<S3Server> {
  const tool = await npmTool('s3rver', '3.7.1');
  const server = await ServerProcess.start({
    name: 's3rver',
    limitMs: 30_000,
    command: async ({ port, folder }) => ({
      file: process.execPath,
      args: [
        join(tool, 'bin', 's3rver.js'),
        ...['--directory', join(folder, 'objects'), '--address', '127.0.0.1', '--port', String(port)],
        ...['--silent', '--no-vhost-buckets', '--configure-bucket', bucket],
      ],
    }),
    async ready({ port }) {
      const { statusCode, body } = await request(`http://127.0.0.1:${port}/${bucket}`, {
        headersTimeout: 2_000,
      });
      const text = await body.text();
      return statusCode < 500 && text.includes('<?xml');
    },
  });
  return {
    origin: `http://127.0.0.1:${server.port}`,
    objects: join(server.folder, 'objects'),
    stop: () => server.stop(),
  };
}
