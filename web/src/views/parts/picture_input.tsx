// A button that lets the reader pick a picture from the device, and the part of it to show.
// SPDX-License-Identifier: MIT
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { decode, imageTypes } from "../../pictures";
import { CropDialog } from "./crop";
import { Complaint, useTask } from "./submit";

interface Properties {
  label: string;
  onPick: (square: Blob) => void;
}

export function PictureInput({ label, onPick }: Properties) {
  const input = useRef<HTMLInputElement>(null);
  const bitmap = useSignal<ImageBitmap | null>(null);
  const close = () => {
    bitmap.peek()?.close();
    bitmap.value = null;
  };
  const opening = useTask(async () => {
    const file = input.current?.files?.[0];
    if (file) bitmap.value = await decode(file);
    if (input.current) input.current.value = ""; // So that the same file can be picked again.
  });
  return (
    <>
      <button class="button" type="button" onClick={() => input.current?.click()}>
        {label}
      </button>
      <input
        ref={input}
        type="file"
        accept={imageTypes}
        hidden
        onChange={() => void opening.run()}
      />
      <Complaint of={opening} />
      {bitmap.value && (
        <CropDialog
          bitmap={bitmap.value}
          onClose={close}
          onDone={(square) => {
            close();
            onPick(square);
          }}
        />
      )}
    </>
  );
}
