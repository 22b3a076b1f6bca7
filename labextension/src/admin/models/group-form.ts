/** A group as its form holds it. */
import { type Body } from '../../api/admin-types';
import { type IForm } from '../editing/editor';
import { linesOf } from '../form/values';
import { textsOf, without } from '../json';

/** Lists as lines of text, the way they are typed and pasted. */
export interface IGroupState {
  members: string;
  allow: string;
  purposes: string;
  purposeRequired: boolean;
  original: Body;
}

export const groupForm: IForm<IGroupState> = {
  read: body => ({
    members: textsOf(body['members']).join('\n'),
    allow: (body['allow'] === undefined ? ['*'] : textsOf(body['allow'])).join('\n'),
    purposes: textsOf(body['purposes']).join('\n'),
    purposeRequired: body['purpose_required'] === true,
    original: body
  }),
  write: ({ members, allow, purposes, purposeRequired, original }) => {
    return {
      ...without(original, 'purposes', 'purpose_required'),
      members: linesOf(members),
      allow: linesOf(allow),
      ...(linesOf(purposes).length > 0 && { purposes: linesOf(purposes) }),
      ...(purposeRequired && { purpose_required: true })
    };
  }
};
