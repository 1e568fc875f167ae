// A QR code, drawn as one path; always dark on light, because cameras expect that.
// SPDX-License-Identifier: MIT
import encodeQR from "qr";

export function QrCode({ text, label }: { text: string; label: string }) {
  const cells = encodeQR(text, "raw", { border: 2 });
  const side = cells.length;
  const path = cells
    .flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : "")))
    .join("");
  return (
    <svg class="qr" viewBox={`0 0 ${side} ${side}`} role="img" aria-label={label}>
      <rect width={side} height={side} />
      <path d={path} />
    </svg>
  );
}
