// The page's few line drawings. They are decoration: the control around them has the name.
// SPDX-License-Identifier: MIT

const drawings = {
  back: "M15 5l-7 7 7 7",
  close: "M6 6l12 12M18 6L6 18",
  down: "M12 5v14M6 13l6 6 6-6",
  enter: "M10 5h8a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1h-8M4 12h10M10 8l4 4-4 4",
  eye:
    "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z" +
    "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
  clip:
    "M19.5 11.5l-7.8 7.8a5 5 0 0 1-7-7l8.5-8.5a3.3 3.3 0 0 1 4.7 4.7l-8.5 8.5" +
    "a1.7 1.7 0 0 1-2.4-2.4l7.8-7.8",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  forward: "M9 5l7 7-7 7",
  image:
    "M5 5h14a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1z" +
    "M4 16l4.5-4.5 4 4 2.5-2.5 5 5M15 9.2v.1",
  people:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z" +
    "M2.5 20c.4-3.6 3-5.5 6.5-5.5s6.1 1.9 6.5 5.5" +
    "M16 4.3a3.5 3.5 0 0 1 0 6.5M18 14.8c2 .8 3.2 2.6 3.5 5.2",
  play: "M8 5.5v13l10.5-6.5z",
  plus: "M12 5v14M5 12h14",
  refresh: "M19 8a8 8 0 1 0 1 6M20 4v5h-5",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5L20.5 20.5",
  send: "M4 12L3.5 4.5 21 12 3.5 19.5 4 12zM4 12h8",
  smile:
    "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8.3 14.2c.8 1.4 2.1 2.2 3.7 2.2s2.9-.8 3.7-2.2" +
    "M9 9.4v.2M15 9.4v.2",
};

export function Icon({ name }: { name: keyof typeof drawings }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={drawings[name]} />
    </svg>
  );
}
