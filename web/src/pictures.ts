// Pictures on their way to the server: made to fit what it accepts, or drawn where there is none.
// SPDX-License-Identifier: MIT
import { t } from "./strings";

const mebibyte = 1024 * 1024;
const acceptedTypes = ["image/png", "image/jpeg"];
const coverSide = 512;
const imageSideMax = 4096;

export const imageTypes = "image/*"; // For file inputs; what the server does not take is converted.

export class MediaError extends Error {}

export async function decode(file: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file);
  } catch {
    throw new MediaError(t.pictureUnreadable);
  }
}

function canvasOf(width: number, height: number): [HTMLCanvasElement, CanvasRenderingContext2D] {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (!context) throw new MediaError(t.pictureUnreadable);
  return [canvas, context];
}

function encode(canvas: HTMLCanvasElement, type: string): Promise<Blob> {
  return new Promise((resolve, reject) => {
    const done = (blob: Blob | null) =>
      blob ? resolve(blob) : reject(new MediaError(t.pictureUnreadable));
    canvas.toBlob(done, type, 0.88);
  });
}

// The part of a picture that is kept: a square, in pixels of the picture.
export interface Crop {
  left: number;
  top: number;
  side: number;
}

// A square out of a picture, for avatars and covers.
export function cropped(bitmap: ImageBitmap, { left, top, side }: Crop): Promise<Blob> {
  const target = Math.max(1, Math.min(Math.round(side), coverSide));
  const [canvas, context] = canvasOf(target, target);
  context.fillStyle = "#fff"; // JPEG knows no transparency.
  context.fillRect(0, 0, target, target);
  context.drawImage(bitmap, left, top, side, side, 0, 0, target, target);
  return encode(canvas, "image/jpeg");
}

// A picture to send: as it is when the server takes it, else as a JPEG.
export async function sendable(file: Blob): Promise<Blob> {
  const limit = 10 * mebibyte;
  if (acceptedTypes.includes(file.type) && file.size < limit) return file;
  const bitmap = await decode(file);
  const scale = Math.min(1, imageSideMax / Math.max(bitmap.width, bitmap.height));
  const [canvas, context] = canvasOf(
    Math.max(1, Math.round(bitmap.width * scale)),
    Math.max(1, Math.round(bitmap.height * scale)),
  );
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  const picture = await encode(canvas, "image/jpeg");
  if (picture.size >= limit) throw new MediaError(t.pictureTooLarge(10));
  return picture;
}

// The same name always gets the same number: colours stay with people and groups.
export function fingerprint(name: string): number {
  let hash = 2166136261;
  for (const character of name) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619) >>> 0;
  }
  return hash;
}

// The letters that stand for a name: of the first two words, or of a word and its first two
// letters; one sign for Chinese, where a sign says as much.
export function initials(name: string): string {
  const words = name
    .trim()
    .split(/[\s_#.-]+/u)
    .filter(Boolean);
  const first = [...(words[0] ?? "?")];
  if (/\p{Script=Han}/u.test(first[0] ?? "")) return first[0] ?? "?";
  const second = words.length > 1 ? [...(words[1] ?? "")][0] : first[1];
  return ((first[0] ?? "?") + (second ?? "")).toUpperCase();
}

// A cover for a group that has no picture: overlapping rings and its initials, in colours that
// follow from its name.
export function drawCover(canvas: HTMLCanvasElement, name: string): void {
  canvas.width = coverSide;
  canvas.height = coverSide;
  const context = canvas.getContext("2d");
  if (!context) return;
  const seed = fingerprint(name);
  const hue = seed % 360;
  context.fillStyle = `hsl(${hue} 42% 38%)`;
  context.fillRect(0, 0, coverSide, coverSide);
  for (let ring = 0; ring < 5; ring++) {
    const angle = (((seed >>> (ring * 5)) % 64) / 64) * 2 * Math.PI;
    const distance = coverSide * 0.34;
    context.beginPath();
    context.arc(
      coverSide / 2 + Math.cos(angle) * distance,
      coverSide / 2 + Math.sin(angle) * distance,
      coverSide * (0.22 + ring * 0.06),
      0,
      2 * Math.PI,
    );
    context.fillStyle = `hsl(${hue + ring * 14} 55% ${46 + ring * 5}% / 0.28)`;
    context.fill();
  }
  context.fillStyle = "#fff";
  context.font = `600 ${coverSide * 0.36}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(name.trim() === "" ? "" : initials(name), coverSide / 2, coverSide * 0.52);
}

export async function drawnCover(name: string): Promise<Blob> {
  const [canvas] = canvasOf(coverSide, coverSide);
  drawCover(canvas, name);
  return encode(canvas, "image/png");
}
