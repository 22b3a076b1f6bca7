/** Switching a use case off and on again. */
import { type Body, type Setting, type UseCase } from '../../api/admin-types';
import { without } from '../json';

/** Calls that name no purpose. */
export const UNSTATED = 'unspecified';

/** A name for a use that nobody has declared yet. */
export function newName(
  { application, purpose }: Pick<UseCase, 'application' | 'purpose'>,
  taken: readonly string[]
): string {
  const plain = [application, purpose === UNSTATED ? null : purpose]
    .filter(Boolean)
    .join(' ')
    .slice(0, 90);
  let name = plain;
  for (let number = 2; taken.includes(name); number += 1) {
    name = `${plain} ${number}`;
  }
  return name;
}

/** What is saved to switch a use on or off; `setting` is null for one that nobody has declared. */
export function switched(
  { application, purpose }: Pick<UseCase, 'application' | 'purpose'>,
  setting: Setting | null,
  isOn: boolean,
  reason: string
): Body {
  const before = setting?.body ?? {
    application,
    ...(purpose !== null && { purpose })
  };
  return {
    ...without(before, 'reason'),
    enabled: isOn,
    ...(!isOn && reason.trim() !== '' && { reason: reason.trim() })
  };
}
