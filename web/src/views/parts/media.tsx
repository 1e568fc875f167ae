// Pictures and videos in the flow. Their place is as large as they will be, before they are there.
// SPDX-License-Identifier: MIT
import { useSignal } from "@preact/signals";
import { fileUrl, thumbnailUrl } from "../../api/files";
import type { File, Message } from "../../api/model";
import { displayName } from "../../names";
import { t } from "../../strings";
import { openLightbox } from "../lightbox";
import { Icon } from "./icon";

const widthMax = 360;
const heightMax = 280;

// How large a picture is shown; where the server does not know, the style sheet decides.
export function shownSize(file: File | null | undefined): { width?: number; height?: number } {
  if (!file?.width || !file.height) return {};
  const scale = Math.min(1, widthMax / file.width, heightMax / file.height);
  return { width: Math.round(file.width * scale), height: Math.round(file.height * scale) };
}

export function Picture({ message }: { message: Message }) {
  const size = shownSize(message.file);
  return (
    <button
      type="button"
      class={`picture ${size.width ? "" : "of-unknown-size"}`}
      onClick={() => openLightbox(message.id)}
    >
      <img
        src={thumbnailUrl(message.file) ?? ""}
        alt={t.imageFrom(displayName(message.user))}
        decoding="async"
        {...size}
      />
    </button>
  );
}

export function Video({ message }: { message: Message }) {
  const isPlaying = useSignal(false);
  const size = shownSize(message.cover);
  const name = t.videoFrom(displayName(message.user));
  const unknown = size.width ? "" : "of-unknown-size";
  if (isPlaying.value) {
    return (
      <span class={`picture video ${unknown}`}>
        <video
          src={fileUrl(message.file) ?? ""}
          poster={fileUrl(message.cover) ?? ""}
          aria-label={name}
          controls
          autoplay
          playsInline
          {...size}
        />
      </span>
    );
  }
  return (
    <button
      type="button"
      class={`picture video ${unknown}`}
      aria-label={`${t.play}: ${name}`}
      onClick={() => (isPlaying.value = true)}
    >
      <img src={thumbnailUrl(message.cover) ?? ""} alt="" decoding="async" {...size} />
      <span class="play">
        <Icon name="play" />
      </span>
    </button>
  );
}
