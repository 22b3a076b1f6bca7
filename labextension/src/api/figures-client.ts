import {
  type Grouping,
  type PerformanceReport,
  type PerformanceSeries,
  type PerformanceStep
} from './admin-types';
import { type Transport } from './transport';

export interface ITime {
  since: Date;
  until: Date;
}

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
}

function fields({ since, until }: ITime): { since: string; until: string } {
  return { since: since.toISOString(), until: until.toISOString() };
}
