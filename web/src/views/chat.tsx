// One open group: its name, its messages, and the box to write in.
// SPDX-License-Identifier: MIT
import { useEffect } from "preact/hooks";
import type { Group } from "../api/model";
import { readNewest, timelineOf } from "../state/chat";
import { t } from "../strings";
import { Composer } from "./composer";
import { MessageFlow } from "./message_flow";
import { Cover } from "./parts/face";
import { Icon } from "./parts/icon";
import { Back } from "./parts/page";

interface Properties {
  group: Group;
  showsPanel: boolean;
}

export function Chat({ group, showsPanel }: Properties) {
  const timeline = timelineOf(group.id);
  const about = `/group/${group.id}/about`;
  const isLoaded = timeline.isLoaded.value;
  useEffect(() => {
    if (!isLoaded) void readNewest(group.id);
  }, [isLoaded]);
  return (
    <section class="chat" aria-label={group.name}>
      <header class="bar">
        <Back to="/" />
        <Cover group={group} size="small" />
        <div class="title">
          <h1>{group.name}</h1>
          {group.description && <p class="quiet">{group.description}</p>}
        </div>
        <a
          class="icon-button"
          href={showsPanel ? `/group/${group.id}` : about}
          aria-label={t.about}
          aria-expanded={showsPanel}
          title={t.about}
        >
          <Icon name="people" />
        </a>
      </header>
      <MessageFlow timeline={timeline} />
      <Composer group={group} />
    </section>
  );
}
