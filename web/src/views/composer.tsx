// Where a message is written: text, or a picture that is picked or pasted.
// SPDX-License-Identifier: MIT
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Group, Id } from "../api/model";
import { PictureError, sendable } from "../pictures";
import { isAtNewest, sendImage, sendText } from "../state/chat";
import { notify } from "../state/notice";
import { t } from "../strings";
import { Icon } from "./parts/icon";
import { PictureInput } from "./parts/picture_input";

const lengthMax = 5000;

// What was written and not sent, by group, while the reader looks into another one.
const unsent = new Map<Id, string>();

// With a mouse there is most likely a keyboard, too, on which Enter is expected to send. On a touch
// screen it makes a new line, and focus would cover half of the messages with the keyboard.
const hasKeyboard = matchMedia("(hover: hover) and (pointer: fine)");

async function sendPicture(groupId: Id, file: Blob): Promise<void> {
  try {
    const picture = await sendable(file);
    isAtNewest.value = true;
    sendImage(groupId, picture);
  } catch (error) {
    if (!(error instanceof PictureError)) throw error;
    notify(error.message, "error");
  }
}

export function Composer({ group }: { group: Group }) {
  const text = useSignal(unsent.get(group.id) ?? "");
  const area = useRef<HTMLTextAreaElement>(null);

  useEffect(() => {
    if (hasKeyboard.matches) area.current?.focus();
  }, []);
  // The box grows with the text; the style sheet says how far.
  useLayoutEffect(() => {
    if (!area.current) return;
    area.current.style.height = "auto";
    area.current.style.height = `${area.current.scrollHeight}px`;
  }, [text.value]);

  const write = (value: string) => {
    text.value = value;
    unsent.set(group.id, value);
  };
  const send = () => {
    const content = text.value.trim();
    if (content === "") return;
    isAtNewest.value = true;
    sendText(group.id, content);
    write("");
    area.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // Enter that picks a candidate of an input method is not meant for us.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    if (!hasKeyboard.matches) return;
    event.preventDefault();
    send();
  };
  const onPaste = (event: ClipboardEvent) => {
    const picture = [...(event.clipboardData?.files ?? [])].find((file) =>
      file.type.startsWith("image/"),
    );
    if (!picture) return;
    event.preventDefault();
    void sendPicture(group.id, picture);
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <PictureInput
        className="icon-button"
        label={t.sendImage}
        onPick={(file) => void sendPicture(group.id, file)}
      >
        <Icon name="image" />
      </PictureInput>
      <textarea
        ref={area}
        rows={1}
        maxLength={lengthMax}
        value={text.value}
        aria-label={t.writeMessage(group.name)}
        placeholder={t.writeMessage(group.name)}
        enterkeyhint="enter"
        onInput={(event) => write(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        onPaste={onPaste}
      />
      <button
        class="icon-button send"
        type="submit"
        aria-label={t.send}
        disabled={text.value.trim() === ""}
      >
        <Icon name="send" />
      </button>
    </form>
  );
}
