// Pictures and videos that somebody picked, pasted or dropped, made ready to be sent.
// SPDX-License-Identifier: MIT
import { MediaError, sendable } from "./pictures";
import { t } from "./strings";

interface Common {
  name: string;
  file: Blob;
  url: string; // Of what to show, for this page only; whoever drops the attachment revokes it.
}

export type Attachment = (Common & { kind: "image" }) | (Common & { kind: "video"; cover: Blob });

export const attachmentTypes = "image/*,video/*";
export const attachmentsMax = 10; // At once.

const videoBytesMax = 1024 * 1024 * 1024;
const coverSideMax = 960;
const coverAtSeconds = 1; // The very first picture is often black.
const patienceMilliseconds = 10_000;

export async function attachmentOf(file: File): Promise<Attachment> {
  const { name } = file;
  if (file.type.startsWith("video/")) {
    if (file.size > videoBytesMax) throw new MediaError(t.videoTooLarge);
    const cover = await coverOf(file);
    return { kind: "video", name, file, cover, url: URL.createObjectURL(cover) };
  }
  if (!file.type.startsWith("image/")) throw new MediaError(t.notMedia(name));
  const picture = await sendable(file);
  return { kind: "image", name, file: picture, url: URL.createObjectURL(picture) };
}

function happens(video: HTMLVideoElement, event: "loadeddata" | "seeked"): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = () => reject(new MediaError(t.videoUnreadable));
    const late = setTimeout(fail, patienceMilliseconds);
    video.addEventListener("error", fail, { once: true });
    video.addEventListener(
      event,
      () => {
        clearTimeout(late);
        resolve();
      },
      { once: true },
    );
  });
}

// A picture out of the video, from a second after its beginning.
async function coverOf(file: Blob): Promise<Blob> {
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  video.preload = "auto";
  video.src = URL.createObjectURL(file);
  try {
    await happens(video, "loadeddata");
    const length = Number.isFinite(video.duration) ? video.duration : 0;
    const seeked = happens(video, "seeked");
    video.currentTime = Math.min(coverAtSeconds, length / 2);
    await seeked;
    return await frameOf(video);
  } finally {
    URL.revokeObjectURL(video.src);
    video.removeAttribute("src");
    video.load();
  }
}

function frameOf(video: HTMLVideoElement): Promise<Blob> {
  const scale = Math.min(1, coverSideMax / Math.max(video.videoWidth, video.videoHeight));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(video.videoWidth * scale));
  canvas.height = Math.max(1, Math.round(video.videoHeight * scale));
  canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    const done = (cover: Blob | null) =>
      cover ? resolve(cover) : reject(new MediaError(t.videoUnreadable));
    canvas.toBlob(done, "image/jpeg", 0.85);
  });
}
