import React, { useEffect, useId, useRef } from 'react';

/** A question in the browser's own modal dialog: it keeps the focus, and Escape is its `onClose`. */
export function Dialog(props: {
  title: string;
  onClose: () => void;
  children: React.ReactNode;
  buttons: React.ReactNode;
}): React.JSX.Element {
  const { title, onClose } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const opener = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (opener instanceof HTMLElement && opener.isConnected) {
        opener.focus();
      }
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className="jp-mesh-Dialog"
      aria-labelledby={titleId}
      onCancel={event => {
        event.preventDefault();
        onClose();
      }}
      onClose={onClose} // a browser may close it without asking first
    >
      <h2 id={titleId}>{title}</h2>
      {props.children}
      <div className="jp-mesh-Dialog-buttons">{props.buttons}</div>
    </dialog>
  );
}
