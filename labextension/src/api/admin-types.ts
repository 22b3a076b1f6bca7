/** Short names for the admin's part of the generated schema. */
import { type components } from './_schema';

type Schemas = components['schemas'];

export type Alert = Schemas['Alert'];
export type AlertDelivery = Schemas['AlertDelivery'];
export type AlertPage = Schemas['AlertPage'];
export type AlertSummary = Schemas['AlertSummary'];
export type AuditVerdict = Schemas['AuditVerdict'];
export type BudgetUse = Schemas['BudgetUse'];
export type ChannelKind = Omit<Schemas['ChannelKind'], 'config_schema'> & { config_schema: Body };
export type ChannelTest = Schemas['ChannelTest'];
export type Checkpoint = Schemas['Checkpoint'];
export type InventoryReport = Schemas['InventoryReport'];
export type UseCase = Schemas['UseCase'];
export type ConnectionStatus = Schemas['ConnectionStatus'];
export type ConnectionTest = Schemas['ConnectionTest'];
export type Key = Schemas['Key'];
export type KeyRequest = Schemas['KeyRequest'];
export type NewKey = Schemas['NewKey'];
export type Percentiles = Schemas['Percentiles'];
export type Performance = Schemas['Performance'];
export type PerformanceReport = Schemas['PerformanceReport'];
export type PerformancePoint = Schemas['PerformancePoint'];
export type PerformanceSeries = Schemas['PerformanceSeries'];
export type PerformanceStep = PerformanceSeries['step'];
export type Promised = Schemas['Promised'];
/** What performance is told of. */
export type Grouping = PerformanceReport['by'];
export type ProviderKind = Schemas['ProviderKind'];
export type GuardKind = Omit<Schemas['GuardKind'], 'config_schema'> & { config_schema: Body };
export type GuardInForce = Schemas['GuardInForce'];
/** What policy is made of, and the forms of its rules. */
export type GuardForms = Omit<
  Schemas['GuardForms'],
  'kinds' | 'screening_schema' | 'moderation_schema'
> & { kinds: GuardKind[]; screening_schema: Body; moderation_schema: Body };
export type GuardUse = Schemas['GuardUse'];
export type GuardTrialResult = Schemas['GuardTrialResult'];
export type TriedFinding = Schemas['TriedFinding'];
export type PolicyReplayResult = Schemas['PolicyReplayResult'];

/** One object of a policy that is not saved; without a body the policy is tried without it. */
export interface IDraftObject {
  kind: PolicyKind;
  name: string;
  body: Body | null;
  /** Keys by the field they belong to. They go one way only. */
  secrets?: Record<string, string>;
}

/** Sections that say what is looked for, and what happens then. */
export type PolicyKind = 'guards' | 'screening' | 'moderation';

/** A text to try a policy on. */
export interface IGuardTrial {
  text: string;
  direction: 'request' | 'response';
  model: string | null;
  groups: readonly string[];
  application: string | null;
  draft: readonly IDraftObject[];
}
/** Any JSON value. */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** An object of the configuration, as it stands in mesh.yaml. */
export type Body = Record<string, Json>;

/** Sections of the configuration that these pages edit. */
export type Kind =
  | 'connections'
  | 'aliases'
  | 'groups'
  | 'budgets'
  | 'raises'
  | 'limits'
  | 'alerts'
  | 'use_cases'
  | 'service_accounts'
  | 'guards'
  | 'screening'
  | 'moderation'
  | 'general';

export type Setting = Omit<Schemas['SettingBody'], 'body'> & { body: Body };
export type Change = Omit<Schemas['SettingChangeBody'], 'before' | 'after'> & {
  before: Body | null;
  after: Body | null;
};
export type ChangePage = Omit<Schemas['SettingChanges'], 'changes'> & { changes: Change[] };

/** A change to one object; `version` is the one it was made from, null where it is new. */
export interface ISettingUpdate {
  body: Body;
  version: number | null;
  /** Keys by the field they belong to. They go one way only. */
  secrets?: Record<string, string>;
  /** Of a connection: try it first, and change nothing where it does not work. */
  test?: boolean;
}
