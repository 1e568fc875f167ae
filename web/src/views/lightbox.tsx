// A picture on its own, as large as the screen, and the way to the ones before and behind it.
// SPDX-License-Identifier: MIT
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { fileUrl } from "../api/files";
import { type Id, MessageType } from "../api/model";
import { displayName } from "../names";
import type { Timeline } from "../state/timeline";
import { t } from "../strings";
import { fullTime } from "../times";
import { Dialog } from "./parts/dialog";
import { Icon } from "./parts/icon";

const shown = signal<Id | null>(null); // The message whose picture it is.

export const openLightbox = (id: Id) => (shown.value = id);
const close = () => (shown.value = null);

export function Lightbox({ timeline }: { timeline: Timeline }) {
  useEffect(() => close, []);
  if (shown.value === null) return null;
  const pictures = timeline.messages.value.filter(({ type }) => type === MessageType.image);
  const place = pictures.findIndex(({ id }) => id === shown.value);
  const message = pictures[place];
  if (!message) return null;
  const go = (step: number) => (shown.value = pictures[place + step]?.id ?? shown.value);
  const url = fileUrl(message.file) ?? "";
  const name = displayName(message.user);
  return (
    <Dialog label={t.imageFrom(name)} className="lightbox" onClose={close}>
      <div
        class="lightbox-body"
        onKeyDown={(event) => {
          if (event.key === "ArrowLeft") go(-1);
          if (event.key === "ArrowRight") go(1);
        }}
      >
        <header>
          <p>
            <strong>{name}</strong>{" "}
            <time dateTime={message.createAt}>{fullTime(message.createAt)}</time>
          </p>
          <a
            class="icon-button"
            href={url}
            download
            target="_blank"
            rel="noopener"
            title={t.download}
            aria-label={t.download}
          >
            <Icon name="download" />
          </a>
          <button class="icon-button" type="button" onClick={close} aria-label={t.close}>
            <Icon name="close" />
          </button>
        </header>
        <div class="lightbox-stage" onClick={close}>
          <img
            key={message.id}
            src={url}
            alt={t.imageFrom(name)}
            onClick={(event) => event.stopPropagation()}
          />
        </div>
        {place > 0 && (
          <button
            class="icon-button before"
            type="button"
            onClick={() => go(-1)}
            aria-label={t.previousPicture}
          >
            <Icon name="back" />
          </button>
        )}
        {place < pictures.length - 1 && (
          <button
            class="icon-button behind"
            type="button"
            onClick={() => go(1)}
            aria-label={t.nextPicture}
          >
            <Icon name="forward" />
          </button>
        )}
      </div>
    </Dialog>
  );
}
