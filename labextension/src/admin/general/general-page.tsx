import React from 'react';

import { type Setting } from '../../api/admin-types';
import { useAdmin } from '../context';
import { type ISpot } from '../place';
import { Loaded } from '../ui/loaded';
import { Managed, NotInForce } from '../ui/managed';
import { Missing } from '../ui/missing';
import { PageHead } from '../ui/page';
import { SectionEditor } from './section-editor';
import { SECTIONS, sectionSentence, sectionTitle } from './sections';

/** Settings that hold for the whole mesh. */
export function GeneralPage({ open }: { open: ISpot['open'] }): React.JSX.Element {
  const { trans, store, place } = useAdmin();
  return (
    <Loaded resource={store.settings('general')}>
      {all => {
        const shown = SECTIONS.flatMap(section => {
          const setting = all.find(({ name }) => name === section);
          return setting === undefined ? [] : [{ section, setting: editable(setting) }];
        });
        if (open !== undefined) {
          const one = shown.find(({ section }) => section === open.name);
          return one === undefined ? (
            <Missing name={open.name} page="general" />
          ) : (
            <SectionEditor key={open.name} {...one} />
          );
        }
        return (
          <>
            <PageHead title={trans.__('General')}>
              {trans.__('They hold for the whole mesh. A change holds for the next call.')}
            </PageHead>
            <ul className="jp-mesh-Rules">
              {shown.map(({ section, setting }) => (
                <li key={section} data-name={section}>
                  <button
                    type="button"
                    className="jp-mesh-Link"
                    onClick={() =>
                      place.go({ page: 'general', open: { kind: 'general', name: section } })
                    }
                  >
                    {sectionTitle(section, trans)}
                  </button>{' '}
                  <Managed by={setting.managed_by} />
                  <div>{sectionSentence(section, setting.body['value'], trans)}</div>
                  <NotInForce setting={setting} />
                </li>
              ))}
            </ul>
          </>
        );
      }}
    </Loaded>
  );
}

/** What nobody has set yet holds by default, and may be set. */
function editable(setting: Setting): Setting {
  return setting.managed_by === 'default' ? { ...setting, managed_by: 'admin' } : setting;
}
