// npm run setup: sets up what is missing, and tries native TensorFlow again where it could not be had before.
process.env.PERENNIAL_SETUP_RETRY = '1';
await import('./run.mjs');
