import type { GeometryCollection, Topology } from 'topojson-specification';
import type { Step } from '../../pipeline/contracts/panel.ts';

/** What the change of a tract is told in: of cases for every 100,000 people, in per cent, or in the target's own unit. */
export type ChangeUnit = 'per_100k' | 'percent' | 'absolute';

/** `GET /page/overview`: everything beside outlines and series. Columns of equal length, one entry a tract. */
export interface Overview {
  /** Names of the models that are served. */
  models: string[];
  model: string;
  target: string;
  step: Step;
  /** Cases are added up; a temperature is averaged. */
  measure: 'sum' | 'mean';
  /** What changes are best told in. */
  unit: ChangeUnit;
  /** Steps that are compared: those ahead with the same ones (weekday, hour) a week or a day before. */
  steps: number;
  /** First and last of them, ISO 8601; null where nothing is forecast. */
  ahead: [string, string] | null;
  before: [string, string] | null;
  places: 'polygons' | 'cells' | 'none';
  /** Names the outlines: another text means other outlines. */
  outlines: string;
  /** Names the series. */
  series: string;
  data: {
    last_time: string;
    published_at: string;
    version: string;
    /** Older than this the page warns. */
    stale_after_days: number;
  };
  version: {
    version: string;
    candidate: string;
    is_baseline: boolean;
    trained_until: string;
    registered_at: string;
    commit: string;
    digest: string;
    metrics: Record<string, number | null>;
  };
  tracts: {
    id: string[];
    name: string[];
    population: (number | null)[];
    total: (number | null)[];
    latitude: (number | null)[];
    longitude: (number | null)[];
    /** Observed in the steps before; null where too few were. */
    last: (number | null)[];
    /** Forecast for the steps ahead. */
    next: (number | null)[];
  };
}

/** `GET /page/series`: what charts are drawn from. Rows in the order of the overview's tracts. */
export interface SeriesData {
  series: string;
  times: string[];
  ahead: string[];
  /** shape [tracts × times]; null: not observed. */
  recent: (number | null)[][];
  /** shape [tracts × ahead] each. */
  point: (number | null)[][];
  low: (number | null)[][];
  high: (number | null)[][];
}

/** How the outlines were laid flat: x = (longitude, turned) · squeeze, y = −latitude. */
export interface Flat {
  squeeze: number;
  /** Longitudes east of this one stand 360° further west, so that the map is not torn at the antimeridian. */
  cut: number;
}

/** How much of the corners is kept: `near` is asked for once somebody has come closer. */
export type Level = 'far' | 'near';

/** `GET /page/places`: outlines laid flat, borders kept in common; each geometry's `id` is its tract. */
export type Outlines = Topology<{ tracts: GeometryCollection }> & { flat: Flat };
