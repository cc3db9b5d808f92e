import { describe, expect, it } from 'vitest';
import { axisOf } from './axis.ts';
import { changeOf, changes, classOf, scaleOf } from './classes.ts';
import { circle, laid, unlaid } from './flat.ts';
import { labelsOf, tractsCalled } from './names.ts';
import { coordinatesIn, hashOf, NOTHING, viewOf } from './state.ts';

describe('the address', () => {
  it('tells what is looked at, and is read again', () => {
    const view = { ...NOTHING, point: { latitude: 40.5, longitude: -75.5 }, radius: 50, by: 'percent' };
    expect(hashOf(view)).toBe('lat=40.5&lon=-75.5&r=50&by=percent');
    expect(viewOf(`#${hashOf(view)}`)).toEqual(view);
    expect(viewOf('#tract=a%26b')).toEqual({ ...NOTHING, tract: 'a&b' });
  });

  it.each(['', '#', '#lat=91&lon=0', '#lat=1', '#lat=NaN&lon=1', '#r=-1', '#r=0', '#lat=&lon='])(
    'leaves out what cannot be meant: %s',
    (hash) => expect(viewOf(hash)).toEqual(NOTHING),
  );
});

describe('coordinatesIn', () => {
  it.each([
    ['40.5, -75.5', 40.5, -75.5],
    ['40.5 -75.5', 40.5, -75.5],
    ['40,5; −75,5', 40.5, -75.5],
    ['40.5° N, 75.5° W', 40.5, -75.5],
    [' 91, 0 ', 91, 0],
  ])('reads %s', (text, latitude, longitude) => {
    expect(coordinatesIn(text)).toEqual({ latitude, longitude });
  });

  it.each(['Adams', '42', '', '1, 2, 3', '1e3, 2'])('takes %s for no coordinates', (text) => {
    expect(coordinatesIn(text)).toBeNull();
  });
});

describe('classes', () => {
  const tracts = { last: 100, next: 150, population: 10_000 };

  it('tells a change in each unit, or that it cannot', () => {
    expect(changeOf(tracts, 'per_100k')).toBe(500);
    expect(changeOf(tracts, 'percent')).toBe(50);
    expect(changeOf(tracts, 'absolute')).toBe(50);
    expect(changeOf({ ...tracts, population: null }, 'per_100k')).toBeNull();
    expect(changeOf({ ...tracts, last: 0 }, 'percent')).toBeNull();
    expect(changeOf({ ...tracts, next: null }, 'absolute')).toBeNull();
  });

  it('is as strong up as down, with round borders and a middle that is no change', () => {
    const scale = scaleOf([-80, -40, -1, 0, 1, 40, 79, null], 'per_100k');
    expect(scale.borders).toEqual([-80, -40, -20, 20, 40, 80]);
    expect([-81, -80, -41, -21, -20, 0, 20, 21, 41, 81, null].map((value) => classOf(scale, value))).toEqual([
      0, 1, 1, 2, 3, 3, 3, 4, 5, 6, -1,
    ]);
  });

  it('makes nothing dramatic of a few per cent, and stands without data', () => {
    expect(scaleOf([1, -1, 0.5], 'percent').borders[3]).toBe(5);
    expect(scaleOf([null], 'per_100k').borders[3]).toBe(1);
    const none = {
      id: [],
      name: [],
      population: [],
      total: [],
      latitude: [],
      longitude: [],
      last: [],
      next: [],
    };
    expect(changes(none, 'percent')).toEqual([]);
  });
});

describe('names', () => {
  const labels = labelsOf({ id: ['1', '2', '3'], name: ['Union', 'Union', 'Unionville'] });

  it('adds the id where two have the same name', () => {
    expect(labels).toEqual(['Union (1)', 'Union (2)', 'Unionville']);
  });

  it.each([
    ['union (2)', [1]],
    ['3', [2]],
    ['unionv', [2]],
    ['VILLE', [2]],
    ['union', [0, 1, 2]],
    ['', []],
    ['nowhere', []],
  ])('finds who is meant by %s', (text, found) => {
    expect(tractsCalled(text, labels, ['1', '2', '3'])).toEqual(found);
  });
});

describe('the flat map', () => {
  it('leads back to where it came from, also beyond the cut', () => {
    const flat = { squeeze: 0.7, cut: 100 };
    for (const point of [
      { latitude: 40, longitude: -75 },
      { latitude: -17, longitude: 179 },
    ]) {
      const back = unlaid(laid(point, flat), flat);
      expect(back.latitude).toBeCloseTo(point.latitude, 9);
      expect(back.longitude).toBeCloseTo(point.longitude, 9);
    }
    expect(laid({ latitude: 0, longitude: 179 }, flat)[0]).toBeCloseTo(-181 * 0.7, 9);
  });

  it('draws a circle whose points are that far away', () => {
    // A degree of the meridian: 111.195 km on this sphere.
    const ring = circle({ latitude: 40, longitude: -75 }, 111.195, 4);
    expect(ring[0].latitude).toBeCloseTo(41, 3);
    expect(ring[2].latitude).toBeCloseTo(39, 3);
    expect(ring[1].longitude).toBeCloseTo(-75 + 1 / Math.cos((40 * Math.PI) / 180), 2);
  });
});

describe('axisOf', () => {
  it('begins counts at nothing and ends on a round number', () => {
    expect(axisOf([13, 389], { fromZero: true })).toEqual({
      low: 0,
      high: 400,
      ticks: [0, 100, 200, 300, 400],
    });
    expect(axisOf([20.1, 23.9], { fromZero: false }).ticks).toEqual([20, 21, 22, 23, 24]);
  });

  it.each([[[]], [[0]], [[5, 5]]])('stands with %j', (values) => {
    const { low, high } = axisOf(values, { fromZero: true });
    expect(high).toBeGreaterThan(low);
  });
});
