// Choosing the square of a picture that others will see: dragged, zoomed, or by arrow keys.
// SPDX-License-Identifier: MIT
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { type Crop, cropped } from "../../pictures";
import { t } from "../../strings";
import { Dialog } from "./dialog";
import { useTask } from "./submit";

const viewSide = 288;
const zoomMax = 4;
const keySteps = 24; // How many presses of an arrow cross the view.

interface Properties {
  bitmap: ImageBitmap;
  onDone: (picture: Blob) => void;
  onClose: () => void;
}

const clamp = (value: number, max: number) => Math.min(Math.max(value, 0), max);

// A square of the given side as near to a middle as the picture allows.
export function squareAt(bitmap: ImageBitmap, side: number, x: number, y: number): Crop {
  return {
    side,
    left: clamp(x - side / 2, bitmap.width - side),
    top: clamp(y - side / 2, bitmap.height - side),
  };
}

export function CropDialog({ bitmap, onDone, onClose }: Properties) {
  const whole = Math.min(bitmap.width, bitmap.height);
  const crop = useSignal(squareAt(bitmap, whole, bitmap.width / 2, bitmap.height / 2));
  const canvas = useRef<HTMLCanvasElement>(null);
  const { left, top, side } = crop.value;

  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    context?.clearRect(0, 0, viewSide * 2, viewSide * 2);
    context?.drawImage(bitmap, left, top, side, side, 0, 0, viewSide * 2, viewSide * 2);
  }, [left, top, side]);

  const place = (nextSide: number, dx: number, dy: number) => {
    const { left, top, side } = crop.peek();
    crop.value = squareAt(bitmap, nextSide, left + side / 2 + dx, top + side / 2 + dy);
  };
  const zoom = (factor: number) => place(whole / Math.min(Math.max(factor, 1), zoomMax), 0, 0);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = side / keySteps;
    const moves: Record<string, [number, number]> = {
      ArrowLeft: [-step, 0],
      ArrowRight: [step, 0],
      ArrowUp: [0, -step],
      ArrowDown: [0, step],
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    place(side, ...move);
  };
  const using = useTask(async () => onDone(await cropped(bitmap, crop.peek())));
  return (
    <Dialog label={t.crop} className="sheet crop" onClose={onClose}>
      <h2>{t.crop}</h2>
      <canvas
        ref={canvas}
        width={viewSide * 2}
        height={viewSide * 2}
        role="img"
        aria-label={`${t.crop}. ${t.cropHint}`}
        tabIndex={0}
        onKeyDown={onKeyDown}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={(event) => {
          if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
          const scale = side / event.currentTarget.clientWidth;
          place(side, -event.movementX * scale, -event.movementY * scale);
        }}
        onWheel={(event) => {
          event.preventDefault();
          zoom((whole / side) * (event.deltaY < 0 ? 1.1 : 1 / 1.1));
        }}
      />
      <p class="hint">{t.cropHint}</p>
      <label class="slider">
        {t.zoom}
        <input
          type="range"
          min="1"
          max={zoomMax}
          step="0.01"
          value={whole / side}
          onInput={(event) => zoom(Number(event.currentTarget.value))}
        />
      </label>
      <div class="actions">
        <button class="button" type="button" onClick={onClose}>
          {t.cancel}
        </button>
        <button class="button primary" type="button" onClick={() => void using.run()}>
          {t.use}
        </button>
      </div>
    </Dialog>
  );
}
