import React, { useEffect, useState } from 'react';

import { useAdmin } from '../context';

/** Copies an address that leads others to what is shown here. */
export function CopyLink(): React.JSX.Element | null {
  const { trans, place, linkTo } = useAdmin();
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (isCopied) {
      const timer = setTimeout(() => setCopied(false), 2500);
      return () => clearTimeout(timer);
    }
    return undefined;
  }, [isCopied]);
  if (linkTo === undefined) {
    return null;
  }
  return (
    <button
      type="button"
      className="jp-mesh-Button"
      aria-live="polite"
      onClick={() => {
        void navigator.clipboard.writeText(linkTo(place.spot)).then(() => setCopied(true));
      }}
    >
      {isCopied ? trans.__('Link copied') : trans.__('Copy link')}
    </button>
  );
}
