import { expect, test } from 'vitest';
import { recognise } from './first-bytes.ts';

test.each([
  ['date,n\n1,2', 'csv'],
  ['[2020] cases;n\n1;2', 'csv'],
  ['{"rows":[]}', 'json'],
  ['  [ {"n":1} ]', 'json'],
  ['[]', 'json'],
  ['[[1,2]]', 'json'],
  ['{}', 'json'],
  ['\uFEFF{"a":1}', 'json'],
  ['<!DOCTYPE html>', 'html'],
  ['\n <html>', 'html'],
  ['<?xml version="1.0"?>', 'html'],
  ['<5,<10\n1,2', 'csv'], // suppressed counts look like tags only at first sight
  ['< 5;n', 'csv'],
  ['', 'empty'],
  ['\uFEFF\r\n', 'empty'],
])('%j is %s', (text, content) => {
  expect(recognise(Buffer.from(text))).toBe(content);
});

test('UTF-16 is read as the text it is', () => {
  expect(recognise(Buffer.from('\uFEFFdate;n\r\n', 'utf16le'))).toBe('csv');
  expect(recognise(Buffer.from('\uFEFF<html>', 'utf16le'))).toBe('html');
});
