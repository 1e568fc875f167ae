// A button that lets the reader pick a picture from the device.
// SPDX-License-Identifier: MIT
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { imageTypes } from "../../pictures";

interface Properties {
  label: string;
  onPick: (file: Blob) => void;
  className?: string;
  children?: ComponentChildren; // Shown instead of the label, which then names the button.
}

export function PictureInput({ label, onPick, className = "button", children }: Properties) {
  const input = useRef<HTMLInputElement>(null);
  const pick = () => {
    const file = input.current?.files?.[0];
    if (file) onPick(file);
    if (input.current) input.current.value = ""; // So that the same file can be picked again.
  };
  return (
    <>
      <button
        class={className}
        type="button"
        aria-label={label}
        title={children ? label : undefined}
        onClick={() => input.current?.click()}
      >
        {children ?? label}
      </button>
      <input ref={input} type="file" accept={imageTypes} hidden onChange={pick} />
    </>
  );
}
