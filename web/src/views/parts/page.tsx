// A titled page beside the conversation list, with the way back that a phone needs.
// SPDX-License-Identifier: MIT
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../../strings";
import { Icon } from "./icon";

export function Back({ to }: { to: string }) {
  return (
    <a class="icon-button back" href={to} aria-label={t.back}>
      <Icon name="back" />
    </a>
  );
}

interface Properties {
  title: string;
  isWide?: boolean;
  children: ComponentChildren;
}

export function Page({ title, isWide, children }: Properties) {
  const heading = useRef<HTMLHeadingElement>(null);
  // A new page is announced by moving the focus to its title, unless a field asked for it.
  useEffect(() => {
    if (!heading.current?.closest(".page")?.contains(document.activeElement)) {
      heading.current?.focus();
    }
  }, []);
  return (
    <section class="page">
      <header class="bar">
        <Back to="/" />
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
      </header>
      <div class={`page-body ${isWide ? "wide" : ""}`}>{children}</div>
    </section>
  );
}
