import { expect, it } from 'vitest';
import { readImageSettings } from './image-settings.ts';

it('is GitHub’s own registry, in small letters, where nothing is set', () => {
  expect(readImageSettings('Acme/Perennial', {})).toMatchObject({
    name: 'ghcr.io/acme/perennial',
    origin: 'https://ghcr.io',
    repository: 'acme/perennial',
  });
  expect(readImageSettings('acme/x', { IMAGE_REGISTRY: '' })?.name).toBe('ghcr.io/acme/x');
});

it('asks Docker Hub where it really answers', () => {
  expect(readImageSettings('acme/x', { IMAGE_REGISTRY: 'docker.io/acme/perennial' })).toMatchObject({
    name: 'docker.io/acme/perennial',
    origin: 'https://registry-1.docker.io',
    repository: 'acme/perennial',
  });
});

it('speaks http only where that is written', () => {
  expect(readImageSettings('a/b', { IMAGE_REGISTRY: 'http://127.0.0.1:5000/a/b' })).toMatchObject({
    name: '127.0.0.1:5000/a/b',
    origin: 'http://127.0.0.1:5000',
  });
});

it('builds none where none is wanted', () => {
  expect(readImageSettings('a/b', { IMAGE_REGISTRY: 'none' })).toBeNull();
});

it('logs in as the owner where only a password is given', () => {
  expect(readImageSettings('acme/x', { IMAGE_REGISTRY_PASSWORD: 'secret-1' })).toMatchObject({
    user: 'acme',
    password: 'secret-1',
  });
});

it.each(['perennial', 'acme/perennial', 'ghcr.io', 'ghcr.io/a b', 'ghcr.io/acme/x:latest', '$(id)/x'])(
  'refuses %s',
  (written) => {
    expect(() => readImageSettings('a/b', { IMAGE_REGISTRY: written })).toThrow(/names no repository/);
  },
);
