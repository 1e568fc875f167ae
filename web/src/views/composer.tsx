// Where a message is written: text with emoji and mentions, and files that are picked or pasted.
// SPDX-License-Identifier: MIT
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Group, User } from "../api/model";
import { attachmentTypes } from "../attachments";
import { displayName, matchMembers, mentionBefore } from "../names";
import { jumpToNewest, sendAttachment, sendText, tellTyping } from "../state/chat";
import { detailOf } from "../state/members";
import { typistsIn } from "../state/presence";
import { attach, detach, takeAttachments, type Writing, writingOf } from "../state/writing";
import { t } from "../strings";
import { EmojiPicker } from "./parts/emoji_picker";
import { Avatar } from "./parts/face";
import { Icon } from "./parts/icon";

const lengthMax = 5000;
const suggestionsMax = 6;
const namedTypistsMax = 2;

// With a mouse there is most likely a keyboard, too, on which Enter is expected to send. On a touch
// screen it makes a new line, and focus would cover half of the messages with the keyboard.
const hasKeyboard = matchMedia("(hover: hover) and (pointer: fine)");

function Tray({ groupId, writing }: { groupId: number; writing: Writing }) {
  const { attachments, preparing } = writing;
  if (attachments.value.length === 0 && preparing.value === 0) return null;
  return (
    <ul class="tray">
      {attachments.value.map((attachment) => (
        <li key={attachment.url}>
          <img src={attachment.url} alt={t.attachment(attachment.name)} />
          {attachment.kind === "video" && (
            <span class="play">
              <Icon name="play" />
            </span>
          )}
          <button
            type="button"
            class="icon-button"
            aria-label={`${t.remove}: ${attachment.name}`}
            onClick={() => detach(groupId, attachment)}
          >
            <Icon name="close" />
          </button>
        </li>
      ))}
      {preparing.value > 0 && <li class="preparing" role="status" aria-label={t.loading} />}
    </ul>
  );
}

// Who else is writing. It is silent for screen readers: in a busy group it changes every second,
// and what counts, the message, is read aloud when it comes.
function Typists({ group }: { group: Group }) {
  const ids = typistsIn(group.id);
  const members = detailOf(group.id).value?.users ?? [];
  const names = members.filter(({ id }) => ids.includes(id)).map(displayName);
  const isMore = names.length > namedTypistsMax;
  return <p class="typists">{names.length > 0 && t.typing(names, isMore)}</p>;
}

interface SuggestionProperties {
  members: User[];
  chosen: number;
  onPick: (user: User) => void;
}

function Suggestions({ members, chosen, onPick }: SuggestionProperties) {
  if (members.length === 0) return null;
  return (
    <ul class="suggestions" role="listbox" id="mentions" aria-label={t.mentionSuggestions}>
      {members.map((user, place) => (
        <li
          key={user.id}
          id={`mention-${place}`}
          role="option"
          aria-selected={place === chosen}
          onPointerDown={(event) => {
            event.preventDefault(); // The text keeps the focus.
            onPick(user);
          }}
        >
          <Avatar user={user} size="small" />
          <span>{displayName(user)}</span>
          <span class="quiet">@{user.username}</span>
        </li>
      ))}
    </ul>
  );
}

// The text box and what is known of its cursor.
function useArea(writing: Writing) {
  const area = useRef<HTMLTextAreaElement>(null);
  const cursor = useSignal(0);
  const text = writing.text.value;
  useEffect(() => {
    if (hasKeyboard.matches) area.current?.focus();
  }, []);
  // The box grows with the text; the style sheet says how far.
  useLayoutEffect(() => {
    if (!area.current) return;
    area.current.style.height = "auto";
    area.current.style.height = `${area.current.scrollHeight}px`;
  }, [text]);
  const look = () => (cursor.value = area.current?.selectionStart ?? 0);
  // Writes `inserted` over the last `over` letters before the cursor.
  const insert = (inserted: string, over = 0) => {
    const box = area.current;
    if (!box) return;
    const end = box.selectionStart;
    box.setRangeText(inserted, end - over, box.selectionEnd, "end");
    writing.text.value = box.value;
    look();
  };
  return { area, cursor, look, insert };
}

export function Composer({ group }: { group: Group }) {
  const writing = writingOf(group.id);
  const { area, cursor, look, insert } = useArea(writing);
  const input = useRef<HTMLInputElement>(null);
  const isPicking = useSignal(false);
  const chosen = useSignal(0);
  const dismissed = useSignal<string | null>(null);
  const text = writing.text.value;

  const word = mentionBefore(text, cursor.value);
  const members = detailOf(group.id).value?.users ?? [];
  const suggested =
    word === null || word === dismissed.value ? [] : matchMembers(members, word, suggestionsMax);
  const isSuggesting = suggested.length > 0;
  const place = Math.min(chosen.value, suggested.length - 1);
  const isEmpty = text.trim() === "" && writing.attachments.value.length === 0;

  const mention = (user: User) => {
    insert(`@${user.username} `, (word?.length ?? 0) + 1);
    chosen.value = 0;
  };
  const send = () => {
    if (isEmpty || writing.preparing.peek() > 0) return;
    void jumpToNewest(group.id);
    for (const attachment of takeAttachments(group.id)) sendAttachment(group.id, attachment);
    const content = text.trim();
    writing.text.value = "";
    isPicking.value = false;
    if (content !== "") sendText(group.id, content);
    area.current?.focus();
  };
  const suggest = (event: KeyboardEvent): boolean => {
    const last = suggested.length - 1;
    if (!isSuggesting) return false;
    if (event.key === "ArrowDown") chosen.value = place === last ? 0 : place + 1;
    else if (event.key === "ArrowUp") chosen.value = place === 0 ? last : place - 1;
    else if (event.key === "Enter" || event.key === "Tab") mention(suggested[place]!);
    else if (event.key === "Escape") dismissed.value = word;
    else return false;
    return true;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // A key that picks a candidate of an input method is not meant for us.
    if (event.isComposing) return;
    if (suggest(event)) return event.preventDefault();
    if (event.key !== "Enter" || event.shiftKey || !hasKeyboard.matches) return;
    event.preventDefault();
    send();
  };
  const onPaste = (event: ClipboardEvent) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    void attach(group.id, files);
  };
  const label = t.writeMessage(group.name);
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Typists group={group} />
      <Tray groupId={group.id} writing={writing} />
      <Suggestions members={suggested} chosen={place} onPick={mention} />
      {isPicking.value && (
        <EmojiPicker
          onPick={(sign) => insert(sign)}
          onClose={() => {
            isPicking.value = false;
            area.current?.focus();
          }}
        />
      )}
      <div class="composer-line">
        <button
          class="icon-button"
          type="button"
          aria-label={t.attach}
          title={t.attach}
          onClick={() => input.current?.click()}
        >
          <Icon name="clip" />
        </button>
        <input
          ref={input}
          type="file"
          accept={attachmentTypes}
          multiple
          hidden
          onChange={(event) => {
            void attach(group.id, [...(event.currentTarget.files ?? [])]);
            event.currentTarget.value = "";
          }}
        />
        <div class="writing">
          <textarea
            ref={area}
            rows={1}
            maxLength={lengthMax}
            value={text}
            aria-label={label}
            placeholder={label}
            enterkeyhint={hasKeyboard.matches ? "send" : "enter"}
            aria-autocomplete="list"
            aria-controls={isSuggesting ? "mentions" : undefined}
            aria-activedescendant={isSuggesting ? `mention-${place}` : undefined}
            onInput={(event) => {
              writing.text.value = event.currentTarget.value;
              if (writing.text.value !== "") tellTyping(group.id);
              dismissed.value = null;
              look();
            }}
            onSelect={look}
            onKeyDown={onKeyDown}
            onPaste={onPaste}
          />
          <button
            class="icon-button emoji-switch"
            type="button"
            aria-label={t.emoji}
            aria-expanded={isPicking.value}
            title={t.emoji}
            onClick={() => (isPicking.value = !isPicking.value)}
          >
            <Icon name="smile" />
          </button>
        </div>
        <button class="icon-button send" type="submit" aria-label={t.send} disabled={isEmpty}>
          <Icon name="send" />
        </button>
      </div>
    </form>
  );
}
