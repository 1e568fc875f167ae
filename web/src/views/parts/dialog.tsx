// Something that must be answered or closed before the page goes on: the browser's own dialog,
// which keeps the focus inside and hands it back.
// SPDX-License-Identifier: MIT
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface Properties {
  label: string;
  className?: string;
  onClose: () => void;
  children: ComponentChildren;
}

export function Dialog({ label, className = "", onClose, children }: Properties) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const opener = document.activeElement as HTMLElement | null;
    dialog.current?.showModal();
    return () => opener?.focus({ preventScroll: true });
  }, []);
  return (
    <dialog
      ref={dialog}
      class={className}
      aria-label={label}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) onClose(); // The backdrop is the dialog itself.
      }}
    >
      {children}
    </dialog>
  );
}
