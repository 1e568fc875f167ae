// A board of emoji to choose from, with a search.
// SPDX-License-Identifier: MIT
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { emojiGroups, type EmojiGroups, findEmoji, recentEmoji, rememberEmoji } from "../../emoji";
import { t } from "../../strings";

const foundMax = 80;
const tabs = ["🕘", "😀", "👋", "🐻", "🍎", "✈️", "⚽", "💡", "❤️", "🏳️"]; // Recent, then the groups.

interface Properties {
  onPick: (sign: string) => void;
  onClose: () => void;
}

// Arrow keys go from sign to sign, as they do on a board.
function move(event: KeyboardEvent): void {
  const from = event.target as HTMLElement;
  const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -8, ArrowDown: 8 };
  const step = steps[event.key];
  if (step === undefined || from.tagName !== "BUTTON") return;
  const all = [...(event.currentTarget as HTMLElement).querySelectorAll("button")];
  event.preventDefault();
  all[all.indexOf(from as HTMLButtonElement) + step]?.focus();
}

export function EmojiPicker({ onPick, onClose }: Properties) {
  const groups = useSignal<EmojiGroups | null>(null);
  const hasFailed = useSignal(false);
  const shown = useSignal(0);
  const wanted = useSignal("");
  const box = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);

  useEffect(() => {
    emojiGroups().then(
      (found) => (groups.value = found),
      () => (hasFailed.value = true),
    );
    search.current?.focus();
    const onOutside = (event: PointerEvent) => {
      const target = event.target as Element;
      if (!box.current?.contains(target) && !target.closest(".emoji-switch")) onClose();
    };
    addEventListener("pointerdown", onOutside);
    return () => removeEventListener("pointerdown", onOutside);
  }, []);

  const names = [t.emojiRecent, ...t.emojiGroups];
  const board: (readonly [string, string])[] =
    wanted.value.trim() !== "" && groups.value
      ? findEmoji(groups.value, wanted.value, foundMax).map(([sign, name]) => [sign, name])
      : shown.value === 0
        ? recentEmoji().map((sign) => [sign, sign])
        : (groups.value?.[shown.value - 1] ?? []).map(([sign, name]) => [sign, name]);
  const pick = (sign: string) => {
    rememberEmoji(sign);
    onPick(sign);
  };
  return (
    <div
      ref={box}
      class="emoji-picker"
      role="dialog"
      aria-label={t.emoji}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        onClose();
      }}
    >
      <input
        ref={search}
        type="search"
        value={wanted.value}
        aria-label={t.search}
        placeholder={t.search}
        onInput={(event) => (wanted.value = event.currentTarget.value)}
      />
      <div class="emoji-tabs" role="tablist">
        {tabs.map((sign, place) => (
          <button
            type="button"
            role="tab"
            aria-label={names[place]}
            title={names[place]}
            aria-selected={wanted.value === "" && shown.value === place}
            onClick={() => {
              wanted.value = "";
              shown.value = place;
            }}
          >
            {sign}
          </button>
        ))}
      </div>
      <div class="emoji-board" onKeyDown={move}>
        {board.map(([sign, name]) => (
          <button
            type="button"
            key={sign}
            aria-label={name}
            title={name}
            onClick={() => pick(sign)}
          >
            {sign}
          </button>
        ))}
        {board.length === 0 && (
          <p class="quiet">
            {hasFailed.value ? t.emojiFailed : groups.value ? t.noMatch(wanted.value) : t.loading}
          </p>
        )}
      </div>
    </div>
  );
}
