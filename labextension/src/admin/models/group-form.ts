/** A group as its form holds it. */
import { type TranslationBundle } from '@jupyterlab/translation';

import { type Body } from '../../api/admin-types';
import { type IForm } from '../editing/editor';
import { type Faults } from '../form/faults';
import { linesOf } from '../form/values';
import { textOf, textsOf, without } from '../json';
import { type IPurposeLine, purposeLines, purposesFault, purposesFor } from './purposes';

/** Lists as lines of text, the way they are typed and pasted. */
export interface IGroupState {
  members: string;
  allow: string;
  purposes: string;
  purposeRequired: boolean;
  purposesFor: readonly IPurposeLine[];
  leads: string;
  membersSeeCalls: boolean;
  /** `user`, `auditor` or `admin`. */
  role: string;
  original: Body;
}

const KNOWN = [
  'members',
  'allow',
  'purposes',
  'purpose_required',
  'purposes_for',
  'leads',
  'members_see_calls',
  'role'
] as const;

export const groupForm: IForm<IGroupState> = {
  read: body => ({
    members: textsOf(body['members']).join('\n'),
    allow: (body['allow'] === undefined ? ['*'] : textsOf(body['allow'])).join('\n'),
    purposes: textsOf(body['purposes']).join('\n'),
    purposeRequired: body['purpose_required'] === true,
    purposesFor: purposeLines(body),
    leads: textsOf(body['leads']).join('\n'),
    membersSeeCalls: body['members_see_calls'] === true,
    role: textOf(body['role']) || 'user',
    original: body
  }),
  write: state => {
    const [purposes, leads] = [linesOf(state.purposes), linesOf(state.leads)];
    const only = purposesFor(state.purposesFor);
    return {
      ...without(state.original, ...KNOWN),
      members: linesOf(state.members),
      allow: linesOf(state.allow),
      ...(purposes.length > 0 && { purposes }),
      ...(Object.keys(only).length > 0 && { purposes_for: only }),
      ...(state.purposeRequired && { purpose_required: true }),
      ...(leads.length > 0 && { leads }),
      ...(state.membersSeeCalls && { members_see_calls: true }),
      ...(state.role !== 'user' && { role: state.role })
    };
  }
};

export function groupFaults(state: IGroupState, trans: TranslationBundle): Faults {
  const fault = purposesFault(state.purposesFor, linesOf(state.purposes), trans);
  return fault === '' ? {} : { purposes_for: fault };
}
