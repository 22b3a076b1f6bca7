import {
  type Grouping,
  type PerformanceReport,
  type PerformanceSeries,
  type PerformanceStep
} from './admin-types';
import { type Budgets, type Usage, type UsageForecast } from './types';
import { type Transport } from './transport';

export interface ITime {
  since: Date;
  until: Date;
}

/** Only calls with these values, by the field's name. */
export type Where = Readonly<Record<string, string>>;

/** Whose usage: one's own, that of one's groups, everybody's. */
export type Whose = 'own' | 'team' | 'all';

export interface IUsageQuery extends ITime {
  view: Whose;
  by: readonly string[];
  where: Where;
}

export type FileFormat = 'csv' | 'parquet' | 'focus';

/**
 * What the pages of figures ask of the gateway.
 *
 * Every method rejects with `MeshRequestError` and nothing else.
 */
export interface IFiguresApi {
  /** How everything of one grouping answered. */
  performance(time: ITime, by: Grouping): Promise<PerformanceReport>;
  /** One model, connection or provider over time. */
  performanceOf(
    key: string,
    query: ITime & { by: Grouping; step: PerformanceStep }
  ): Promise<PerformanceSeries>;
  /** What was spent, grouped by some fields and narrowed to some of their values. */
  usage(query: IUsageQuery): Promise<Usage>;
  /** The same as a file. */
  usageFile(query: IUsageQuery, format: FileFormat): Promise<Blob>;
  /** What this month (UTC) will have cost at its end. */
  forecast(where: Where, view: Whose): Promise<UsageForecast>;
  /** The budgets that pay for one's own calls, and how full they are. */
  budgets(): Promise<Budgets>;
}

/** See `IFiguresApi`. */
export class FiguresClient implements IFiguresApi {
  constructor(protected readonly http: Transport) {}

  performance(time: ITime, by: Grouping): Promise<PerformanceReport> {
    return this.http.get('performance', { ...fields(time), by });
  }

  performanceOf(
    key: string,
    { by, step, ...time }: ITime & { by: Grouping; step: PerformanceStep }
  ): Promise<PerformanceSeries> {
    // A model's name may have slashes; each of its parts is a part of the path.
    const path = key.split('/').map(encodeURIComponent).join('/');
    return this.http.get(`performance/${path}`, { ...fields(time), by, step });
  }

  usage(query: IUsageQuery): Promise<Usage> {
    return this.http.get('usage', usageFields(query));
  }

  usageFile(query: IUsageQuery, format: FileFormat): Promise<Blob> {
    const { by, ...others } = usageFields(query);
    // A FOCUS dataset is grouped as its columns say.
    return this.http.file('usage', { ...others, ...(format !== 'focus' && { by }), format });
  }

  forecast(where: Where, view: Whose): Promise<UsageForecast> {
    return this.http.get('usage/forecast', { ...where, view, window: 'month' });
  }

  budgets(): Promise<Budgets> {
    return this.http.get('budgets');
  }
}

function fields({ since, until }: ITime): { since: string; until: string } {
  return { since: since.toISOString(), until: until.toISOString() };
}

function usageFields({
  by,
  where,
  view,
  ...time
}: IUsageQuery): Record<string, string> & { by: string } {
  return { ...where, ...fields(time), view, by: by.join(',') };
}
