import {
  type Alert,
  type AlertPage,
  type AlertSummary,
  type AuditVerdict,
  type ChannelKind,
  type ChannelTest,
  type Checkpoint,
  type GuardForms,
  type GuardTrialResult,
  type GuardUse,
  type IDraftObject,
  type IGuardTrial,
  type InventoryReport,
  type PolicyReplayResult
} from './admin-types';
import { FiguresClient, type ITime } from './figures-client';
import { type Query } from './transport';
import { type CallDetail, type CallPage } from './types';

export const EXPORT_FORMATS = ['jsonl', 'csv', 'parquet'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/**
 * What the pages of the record ask: calls and their proof, alerts, the inventory.
 *
 * Every method that asks rejects with `MeshRequestError` and nothing else.
 */
export interface IRecordApi {
  /** Calls that match every field, newest first; `before` is the `next` of an earlier page. */
  calls(search: Query, before: string | null, limit: number): Promise<CallPage>;
  call(id: string): Promise<CallDetail>;
  /** Check the whole record, against a checkpoint where one is given. */
  verify(checkpoint: object | null): Promise<AuditVerdict>;
  checkpoint(): Promise<Checkpoint>;
  /** Where the browser gets the matching calls as a file. */
  callsFile(format: ExportFormat, search: Query): string;
  /** What OpenAI clients call their base URL. */
  clientAddress(): string;
  alerts(query: { state: string; before: string | null; limit: number }): Promise<AlertPage>;
  alertSummary(): Promise<AlertSummary>;
  acknowledge(id: string): Promise<Alert>;
  channelKinds(): Promise<ChannelKind[]>;
  testChannel(name: string): Promise<ChannelTest>;
  /** Guards that are installed and in force, and the forms of policy. */
  guardForms(): Promise<GuardForms>;
  /** What guards found. */
  guardUse(time: ITime): Promise<GuardUse>;
  /** What policy, or a draft of it, does with a text. */
  tryGuards(trial: IGuardTrial): Promise<GuardTrialResult>;
  /** What a policy would have done to the newest calls whose text is kept. */
  replayPolicy(draft: readonly IDraftObject[], calls: number): Promise<PolicyReplayResult>;
  inventory(): Promise<InventoryReport>;
  inventoryFile(format: ExportFormat): string;
}

/** See `IRecordApi`. */
export class RecordClient extends FiguresClient implements IRecordApi {
  calls(search: Query, before: string | null, limit: number): Promise<CallPage> {
    return this.http.get('calls', { ...search, before, limit: limit.toString() });
  }

  call(id: string): Promise<CallDetail> {
    return this.http.get(`calls/${encodeURIComponent(id)}`);
  }

  verify(checkpoint: object | null): Promise<AuditVerdict> {
    return this.http.send('POST', 'audit/verify', { checkpoint });
  }

  checkpoint(): Promise<Checkpoint> {
    return this.http.get('audit/checkpoint');
  }

  clientAddress(): string {
    return new URL('../v1', new URL(this.http.address('me'), window.location.href)).href;
  }

  callsFile(format: ExportFormat, search: Query): string {
    return this.http.address('audit/export', { ...search, format });
  }

  alerts(query: { state: string; before: string | null; limit: number }): Promise<AlertPage> {
    const { state, before, limit } = query;
    return this.http.get('alerts', { state, before, limit: limit.toString() });
  }

  alertSummary(): Promise<AlertSummary> {
    return this.http.get('alerts/summary');
  }

  acknowledge(id: string): Promise<Alert> {
    return this.http.send('POST', `alerts/${encodeURIComponent(id)}/acknowledge`, {});
  }

  async channelKinds(): Promise<ChannelKind[]> {
    return (await this.http.get<{ channels: ChannelKind[] }>('alerts/channels')).channels;
  }

  testChannel(name: string): Promise<ChannelTest> {
    return this.http.send('POST', `alerts/channels/${encodeURIComponent(name)}/test`, {});
  }

  guardForms(): Promise<GuardForms> {
    return this.http.get('guards');
  }

  guardUse({ since, until }: ITime): Promise<GuardUse> {
    return this.http.get('guards/use', { since: since.toISOString(), until: until.toISOString() });
  }

  tryGuards(trial: IGuardTrial): Promise<GuardTrialResult> {
    return this.http.send('POST', 'guards/try', trial);
  }

  replayPolicy(draft: readonly IDraftObject[], calls: number): Promise<PolicyReplayResult> {
    return this.http.send('POST', 'guards/replay', { draft, calls });
  }

  inventory(): Promise<InventoryReport> {
    return this.http.get('inventory');
  }

  inventoryFile(format: ExportFormat): string {
    return this.http.address('inventory/export', { format });
  }
}
