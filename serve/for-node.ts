import type { BuildOptions } from 'esbuild';

/** What is bundled for Node to start: whole programs as ES modules, each in one file named as its source. */
export const FOR_NODE = {
  entryNames: '[name]',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  // An error's name is that of its class.
  keepNames: true,
  // Packages that are no ES modules ask for Node's own modules with `require`, and where they are with `__filename`.
  banner: {
    js: [
      "import { createRequire as perennialRequire } from 'node:module';",
      'const require = perennialRequire(import.meta.url);',
      'const __filename = import.meta.filename, __dirname = import.meta.dirname;',
    ].join(' '),
  },
  logLevel: 'warning',
} satisfies BuildOptions;
