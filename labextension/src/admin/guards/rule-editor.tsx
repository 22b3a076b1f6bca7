import React, { useMemo } from 'react';

import { type Body, type GuardForms, type Setting } from '../../api/admin-types';
import { useAdmin } from '../context';
import { SettingForm } from '../editing/setting-form';
import { SchemaFields } from '../editing/schema-fields';
import { useEditor } from '../editing/use-editor';
import { objectOf } from '../json';
import { DeleteSetting } from '../ui/delete-setting';
import { isOurs } from '../ui/managed';
import { Section } from '../ui/page';
import { PastCalls } from './past-calls';
import { GuardRuleForm, type RuleKind } from './rule-form';
import { TryBox } from './try-box';
import { ruleSentence } from './words';

/** Under which name a rule is tried that has none yet. */
const UNNAMED = 'new rule';

/** Moderation is of answers, unless it says otherwise. */
function looksAt(kind: RuleKind, body: Body): 'request' | 'response' {
  const isOfRequests = objectOf(body['for'])['direction'] === 'request';
  return kind === 'screening' || isOfRequests ? 'request' : 'response';
}

/** A rule in its form, and below it what it would do. */
export function RuleEditor(props: {
  kind: RuleKind;
  setting: Setting | null;
  forms: GuardForms;
  taken: readonly string[];
}): React.JSX.Element {
  const { trans } = useAdmin();
  const { kind, setting, forms, taken } = props;
  const form = useMemo(
    () => new GuardRuleForm(kind, forms, setting?.body ?? {}, trans),
    [kind, forms, setting, trans]
  );
  const editor = useEditor(kind, setting, form, {});
  const body = form.write(editor.state);
  const isScreening = kind === 'screening';
  const isFixed = setting !== null && !isOurs(setting);
  const draft = isFixed ? undefined : () => [{ kind, name: setting?.name ?? UNNAMED, body }];
  return (
    <>
      <SettingForm
        editor={editor}
        setting={setting}
        page="guards"
        back={trans.__('Guards')}
        newTitle={isScreening ? trans.__('New screening rule') : trans.__('New moderation rule')}
        nameHint={trans.__('What it is called here, and in what people are told.')}
        taken={taken}
        faultsOf={one => form.faults(one)}
        deletion={(one, close) => (
          <DeleteSetting
            kind={kind}
            page="guards"
            setting={one}
            title={trans.__('Delete %1?', one.name)}
            consequence={ruleSentence(kind, one.body, trans)}
            find={() => []}
            onClose={close}
          />
        )}
      >
        {(faults, isReadOnly) => (
          <>
            <p className="jp-mesh-Sentence" aria-live="polite">
              {ruleSentence(kind, body, trans)}
            </p>
            <Section title={isScreening ? trans.__('Looked for') : trans.__('Judged')}>
              <SchemaFields
                form={{ fields: form.rule }}
                editor={editor}
                faults={faults}
                isReadOnly={isReadOnly}
              />
            </Section>
            <Section
              title={trans.__('For')}
              hint={trans.__('Whatever is given must match; nothing at all is every call.')}
            >
              <SchemaFields
                form={{ fields: form.target }}
                editor={editor}
                faults={faults}
                isReadOnly={isReadOnly}
              />
            </Section>
          </>
        )}
      </SettingForm>
      <TryBox start={looksAt(kind, body)} {...(draft && { draft })} />
      <PastCalls {...(draft && { draft })} />
    </>
  );
}
