import { afterEach, describe, expect, it, vi } from 'vitest';

const fresh = async () => {
  vi.resetModules();
  return (await import('./tensorflow.ts')).loadTensorFlow;
};

describe('loadTensorFlow', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('takes wasm where the addon is hidden, computes with it and says so once', async () => {
    vi.stubEnv('PERENNIAL_TENSORFLOW', 'wasm');
    const load = await fresh();
    const lines: string[] = [];
    const warn = vi.spyOn(console, 'warn');
    const log = vi.spyOn(console, 'log');
    const { tf, backend } = await load((line) => lines.push(line));
    await load((line) => lines.push(line));
    expect(backend).toBe('wasm');
    expect(tf.getBackend()).toBe('wasm');
    expect([...tf.tidy(() => tf.matMul(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [4]])).dataSync())]).toEqual([
      11,
    ]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/wasm/);
    expect(warn).not.toHaveBeenCalled();
    expect(log).not.toHaveBeenCalled();
  });

  it('loads once, however often it is asked', async () => {
    vi.stubEnv('PERENNIAL_TENSORFLOW', 'wasm');
    const load = await fresh();
    const [a, b] = await Promise.all([load(), load()]);
    expect(b).toBe(a);
  });

  it('takes the addon where it loads', async ({ skip }) => {
    vi.stubEnv('PERENNIAL_TENSORFLOW', 'native');
    const load = await fresh();
    const loaded = await load().catch((error: Error) => error);
    // Said by the error itself; this test has nothing to look at on such a machine.
    if (loaded instanceof Error) return skip(loaded.message);
    expect(loaded.backend).toBe('native');
    expect(loaded.tf.getBackend()).toBe('tensorflow');
  });
});
