import type { Prediction, RequestField, RequestSchema } from '../../pipeline/contracts/serving.ts';
import { ProblemError } from '../problem.ts';
import { shown } from './check-rows.ts';

/** How rows travel in the Open Inference Protocol: a tensor a field, all with as many rows. */

export interface TensorMetadata {
  name: string;
  datatype: string;
  /** −1: any size. */
  shape: number[];
}

export interface OutputTensor extends TensorMetadata {
  /** Flat, row by row; null where the model has no number. */
  data: (number | string | null)[];
}

const INTEGERS: Record<string, [number, number]> = {
  UINT8: [0, 255],
  UINT16: [0, 65_535],
  UINT32: [0, 2 ** 32 - 1],
  UINT64: [0, 2 ** 64],
  INT8: [-128, 127],
  INT16: [-32_768, 32_767],
  INT32: [-(2 ** 31), 2 ** 31 - 1],
  INT64: [-(2 ** 63), 2 ** 63],
};
const FLOATS = ['FP16', 'FP32', 'FP64'];
const NUMBERS = [...FLOATS, ...Object.keys(INTEGERS)];
const BYTES = 'BYTES';

export function tensorsOf({ fields, outputs }: RequestSchema): {
  inputs: TensorMetadata[];
  outputs: TensorMetadata[];
} {
  return {
    inputs: fields.map((field) => ({
      name: field.name,
      datatype: isText(field) ? BYTES : 'FP64',
      shape: field.kind === 'series' ? [-1, -1] : [-1],
    })),
    outputs: outputs.map(({ name, kind, length }) => ({
      name,
      datatype: kind === 'text' ? BYTES : 'FP64',
      shape: [-1, length],
    })),
  };
}

/** Rows as `POST /predict` takes them; whether they fit the model is for the row checker.
 *  @param inputs `inputs` of an inference request
 *  @throws ProblemError 400 where they are no tensors of this model's fields */
export function rowsOf(
  inputs: unknown,
  { fields }: RequestSchema,
  { maxRows }: { maxRows: number },
): Record<string, unknown>[] {
  if (!Array.isArray(inputs)) throw refused('inputs: expected an array of tensors');
  const known = new Map(fields.map((field) => [field.name, field]));
  const rows: Record<string, unknown>[] = [];
  const seen = new Set<string>();
  for (const input of inputs) {
    const tensor = tensorIn(input);
    const { name } = tensor;
    const field = known.get(name);
    if (!field) throw refused(`input ${shown(name)} is not known; there are ${[...known.keys()].join(', ')}`);
    if (seen.has(name)) throw refused(`input ${shown(name)} is there twice`);
    seen.add(name);
    addColumn(rows, tensor, { field, first: seen.size === 1, maxRows });
  }
  if (rows.length === 0) throw refused('inputs: there is no row in them');
  return rows;
}

/** @param wanted names of the outputs, in the order of the answer; null: all
 *  @throws ProblemError 400 for an output that the model has not */
export function outputTensors(
  predictions: Prediction[],
  request: RequestSchema,
  wanted: string[] | null,
): OutputTensor[] {
  const all = new Map(tensorsOf(request).outputs.map((tensor) => [tensor.name, tensor]));
  return (wanted ?? [...all.keys()]).map((name) => {
    const { datatype, shape } = knownOutput(all, name);
    const data = predictions.flatMap(({ outputs }): (number | string | null)[] => outputs[name]);
    const told = data.map((value) => (typeof value === 'number' && !Number.isFinite(value) ? null : value));
    return { name, datatype, shape: [predictions.length, shape[1]], data: told };
  });
}

/** @throws ProblemError 400 */
export function checkOutputs(request: RequestSchema, wanted: string[] | null): void {
  const all = new Map(tensorsOf(request).outputs.map((tensor) => [tensor.name, tensor]));
  for (const name of wanted ?? []) knownOutput(all, name);
}

function knownOutput(all: Map<string, TensorMetadata>, name: string): TensorMetadata {
  const found = all.get(name);
  if (found) return found;
  throw refused(`output ${shown(name)} is not known; there are ${[...all.keys()].join(', ')}`);
}

interface InputTensor {
  name: string;
  shape: number[];
  datatype: string;
  data: unknown[];
}

/** No field has more dimensions. */
const MOST_DIMENSIONS = 2;

function tensorIn(input: unknown): InputTensor {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw refused('inputs: expected objects with name, shape, datatype and data');
  const { name, shape, datatype, data, parameters } = input as Record<string, unknown>;
  if (typeof name !== 'string') throw refused('an input has no name');
  const of = `input ${shown(name)}`;
  if (hasMember(parameters, 'binary_data_size')) throw refused(`${of}: ${NO_BINARY}`);
  if (!Array.isArray(shape) || shape.length === 0 || shape.length > MOST_DIMENSIONS)
    throw refused(`${of}: shape: expected 1 or ${MOST_DIMENSIONS} sizes`);
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0))
    throw refused(`${of}: shape: expected whole numbers of at least 0`);
  if (typeof datatype !== 'string') throw refused(`${of}: datatype is missing`);
  if (!Array.isArray(data)) throw refused(`${of}: data: expected an array`);
  return { name, shape, datatype, data };
}

function addColumn(
  rows: Record<string, unknown>[],
  { name, shape, datatype, data }: InputTensor,
  { field, first, maxRows }: { field: RequestField; first: boolean; maxRows: number },
): void {
  const of = `input ${shown(name)}`;
  const [count, width = 1] = shape;
  const isSeries = field.kind === 'series';
  if (isSeries && shape.length !== 2) throw refused(`${of}: shape: expected [rows, steps]`);
  if (!isSeries && width !== 1) throw refused(`${of}: shape: expected [rows] or [rows, 1]`);
  if (count > maxRows)
    throw refused(`${of}: ${count} rows are too many, at most ${maxRows} are answered at once`);
  if (!first && count !== rows.length)
    throw refused(`${of}: it has ${count} rows, the one before ${rows.length}`);
  const allowed = isText(field) ? [BYTES] : NUMBERS;
  if (!allowed.includes(datatype))
    throw refused(
      `${of}: datatype ${shown(datatype)}: expected ${allowed.length === 1 ? BYTES : 'FP64 or another kind of number'}`,
    );
  const flat = flattened(data, { count, width, of });
  checkValues(flat, datatype, of);
  if (first) for (let row = 0; row < count; row++) rows.push({});
  for (let row = 0; row < count; row++)
    rows[row][name] = isSeries ? flat.slice(row * width, (row + 1) * width) : flat[row];
}

/** Data may be flat or nested as the shape is. */
function flattened(
  data: unknown[],
  { count, width, of }: { count: number; width: number; of: string },
): unknown[] {
  const wrong = () => refused(`${of}: data does not have as many values as its shape says`);
  if (!data.some((one) => Array.isArray(one))) {
    if (data.length !== count * width) throw wrong();
    return data;
  }
  if (data.length !== count) throw wrong();
  return data.flatMap((one) => {
    if (!Array.isArray(one) || one.length !== width) throw wrong();
    return one;
  });
}

/** null is no value of the protocol: it stands for one that is not known, where the field allows that. */
function checkValues(values: unknown[], datatype: string, of: string): void {
  const range = INTEGERS[datatype];
  const expected = datatype === BYTES ? 'string' : 'number';
  for (const value of values) {
    if (value === null) continue;
    const fits =
      typeof value === expected &&
      (range === undefined ||
        (Number.isInteger(value) && (value as number) >= range[0] && (value as number) <= range[1]));
    if (!fits) throw refused(`${of}: ${shown(value)} is not of the datatype ${datatype}`);
  }
}

export const NO_BINARY = 'the extension for binary tensors is not served; send data as JSON';

export function hasMember(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name);
}

const isText = ({ kind }: RequestField) => kind === 'category' || kind === 'time';

export const refused = (detail: string) =>
  new ProblemError('inference', { status: 400, title: 'The inference request is refused', detail });
