import { z } from 'zod';

/** SHA-256, 64 lower-case hexadecimal digits. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in lower-case hexadecimal');

/** A moment in UTC, ISO 8601 with seconds or milliseconds and `Z`. */
export const Timestamp = z.iso.datetime();

/** A finite number, or null where it cannot be computed: NaN does not survive JSON. */
export const Maybe = z.number().nullable();
