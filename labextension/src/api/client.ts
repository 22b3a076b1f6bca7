import { type AlertSummary } from './admin-types';
import { type Transport } from './transport';
import {
  type CallDetail,
  type CallPage,
  type CostSummary,
  type Me,
  type Models,
  type Preference,
  type Revision,
  type Usage
} from './types';

/**
 * The part of `/mesh/api` that the front end uses.
 *
 * Every method rejects with `MeshRequestError` and nothing else.
 */
export class MeshClient {
  constructor(private readonly http: Transport) {}

  me(): Promise<Me> {
    return this.http.get('me');
  }

  /** What is configured and what the caller may do; held at the gateway until it is another than `after`. */
  revision(after: string | null, signal: AbortSignal): Promise<Revision> {
    return this.http.get('revision', { after }, signal);
  }

  models(): Promise<Models> {
    return this.http.get('models');
  }

  /** Connect what the mesh has found; answers with the new catalogue. */
  acceptOffer(id: string): Promise<Models> {
    return this.http.send('POST', `offers/${encodeURIComponent(id)}/accept`, {});
  }

  setPreference(preference: Preference): Promise<Me> {
    return this.http.send('PUT', 'preferences', preference);
  }

  costs(document: string | null): Promise<CostSummary> {
    return this.http.get('costs', { document });
  }

  /** Spend between two moments, as the gateway adds it up; `by` names the grouping fields. */
  usage(since: Date, until: Date, by: readonly string[]): Promise<Usage> {
    return this.http.get('usage', {
      since: since.toISOString(),
      until: until.toISOString(),
      by: by.join(',')
    });
  }

  /** Calls, newest first; `before` is the `next` of an earlier page. */
  calls(query: {
    document?: string | null;
    before?: string | null;
    limit?: number;
  }): Promise<CallPage> {
    return this.http.get('calls', { ...query, limit: query.limit?.toString() });
  }

  /** For auditors: how many alerts are open. */
  alertSummary(): Promise<AlertSummary> {
    return this.http.get('alerts/summary');
  }

  call(id: string): Promise<CallDetail> {
    return this.http.get(`calls/${encodeURIComponent(id)}`);
  }
}
