// One open group: its name, its messages, and the box to write in.
// SPDX-License-Identifier: MIT
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Group } from "../api/model";
import { readNewest, timelineOf } from "../state/chat";
import { prepareDetail } from "../state/members";
import { presenceIn } from "../state/presence";
import { attach } from "../state/writing";
import { t } from "../strings";
import { Composer } from "./composer";
import { Lightbox } from "./lightbox";
import { MessageFlow } from "./message_flow";
import { Cover } from "./parts/face";
import { Icon } from "./parts/icon";
import { Back } from "./parts/page";

interface Properties {
  group: Group;
  showsPanel: boolean;
}

// Files dragged over the chat. Events come from each element on the way, so they are counted.
function useDrop(groupId: number) {
  const isOver = useSignal(false);
  const depth = useRef(0);
  const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  const handlers = {
    onDragEnter: (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      depth.current += 1;
      isOver.value = true;
    },
    onDragLeave: () => {
      depth.current = Math.max(0, depth.current - 1);
      if (depth.current === 0) isOver.value = false;
    },
    onDragOver: (event: DragEvent) => {
      if (carriesFiles(event)) event.preventDefault();
    },
    onDrop: (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      depth.current = 0;
      isOver.value = false;
      void attach(groupId, [...(event.dataTransfer?.files ?? [])]);
    },
  };
  return { isOver, handlers };
}

export function Chat({ group, showsPanel }: Properties) {
  const timeline = timelineOf(group.id);
  const panel = showsPanel ? `/group/${group.id}` : `/group/${group.id}/about`;
  const presence = presenceIn(group.id);
  const online = presence && t.onlineCount(presence.online.size, presence.isMore);
  const about = [online, group.description].filter(Boolean).join(" · ");
  const isLoaded = timeline.isLoaded.value;
  const drop = useDrop(group.id);
  useEffect(() => {
    if (!isLoaded) void readNewest(group.id);
  }, [isLoaded]);
  useEffect(() => prepareDetail(group.id), []);
  return (
    <section class="chat" aria-label={group.name} {...drop.handlers}>
      <header class="bar">
        <Back to="/" />
        <a class="heading-link" href={panel} tabIndex={-1}>
          <Cover group={group} size="small" />
          <div class="title">
            <h1>{group.name}</h1>
            {about !== "" && <p class="quiet">{about}</p>}
          </div>
        </a>
        <a
          class="icon-button"
          href={panel}
          aria-label={t.about}
          aria-expanded={showsPanel}
          title={t.about}
          role="button"
        >
          <Icon name="people" />
        </a>
      </header>
      <MessageFlow timeline={timeline} />
      <Composer group={group} />
      <Lightbox timeline={timeline} />
      {drop.isOver.value && (
        <div class="drop-here">
          <Icon name="image" />
          <p>{t.dropHere}</p>
        </div>
      )}
    </section>
  );
}
