import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { imageHome, imageRegistryAt } from '../../clients/image-registry.ts';
import { findImages } from './find-images.ts';

const server = createServer();
afterEach(() => new Promise((resolve) => server.close(resolve)));

it('removes images of versions that go, unless a tag that stays names the same one', async () => {
  const tags = new Map([
    ['cases-v0001', 'sha256:a'],
    ['cases-v0002', 'sha256:b'],
    ['cases-v0003', 'sha256:c'],
    ['1.2.0', 'sha256:b'],
  ]);
  server.on('request', ({ method, url = '', headers }, response) => {
    if (headers.authorization !== `Basic ${Buffer.from('ada:secret').toString('base64')}`)
      return response.writeHead(401).end();
    const reference = /manifests\/(.+)$/.exec(url)?.[1];
    if (!reference) return response.end(JSON.stringify({ name: 'acme/app', tags: [...tags.keys()] }));
    if (method === 'HEAD')
      return response.writeHead(200, { 'docker-content-digest': tags.get(reference) }).end();
    for (const [tag, digest] of tags) if (digest === reference) tags.delete(tag);
    return response.writeHead(202).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/acme/app`;
  const home = (password: string) => imageRegistryAt(imageHome(address, { user: 'ada', password }));
  await expect(findImages(home('wrong'), [])).rejects.toThrow(/does not let us in/);
  const part = await findImages(home('secret'), [{ model: 'cases', going: ['v0001', 'v0002'] }]);
  expect(part.items.filter(({ goes }) => goes).map(({ name }) => name)).toEqual(['cases-v0001']);
  await part.remove();
  expect([...tags.keys()]).toEqual(['cases-v0002', 'cases-v0003', '1.2.0']);
});
