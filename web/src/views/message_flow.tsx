// The messages of the open group, newest at the bottom, history loading upward.
//
// Where the reader is stays where it is: at the newest message the view follows the flow; further
// up it holds still while messages arrive below or history above.
// SPDX-License-Identifier: MIT
import { Fragment } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Message } from "../api/model";
import { isAtNewest, openConversation, readEarlier } from "../state/chat";
import { me } from "../state/session";
import type { Timeline } from "../state/timeline";
import { t } from "../strings";
import { dayName, isSameDay } from "../times";
import { Icon } from "./parts/icon";
import { DraftItem, MessageItem } from "./parts/message";

const atNewestPixels = 60;
const togetherMilliseconds = 5 * 60 * 1000;

function continues(message: Message, before: Message | undefined): boolean {
  if (!before || before.userId !== message.userId) return false;
  if (!isSameDay(before.createAt, message.createAt)) return false;
  return Date.parse(message.createAt) - Date.parse(before.createAt) < togetherMilliseconds;
}

function Items({ messages }: { messages: Message[] }) {
  return (
    <>
      {messages.map((message, place) => {
        const before = messages[place - 1];
        const startsDay = !before || !isSameDay(before.createAt, message.createAt);
        return (
          <Fragment key={message.id}>
            {startsDay && (
              <li class="day">
                <span>{dayName(message.createAt)}</span>
              </li>
            )}
            <MessageItem
              message={message}
              isOwn={message.userId === me.value?.id}
              isContinued={continues(message, before)}
            />
          </Fragment>
        );
      })}
    </>
  );
}

// Keeps the scroll position meaningful over every change of the list.
function useStillness(timeline: Timeline) {
  const scroller = useRef<HTMLDivElement>(null);
  const first = timeline.messages.value[0]?.id;
  const firstBefore = useRef(first);
  // Read while the old list still stands: how far the view is from the end.
  const before = scroller.current;
  const toEnd = before ? before.scrollHeight - before.scrollTop : 0;

  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box) return;
    if (isAtNewest.peek()) box.scrollTop = box.scrollHeight;
    else if (firstBefore.current !== first) box.scrollTop = box.scrollHeight - toEnd;
    firstBefore.current = first;
  });
  useEffect(() => {
    const box = scroller.current;
    if (!box) return;
    // A keyboard that opens or a growing composer takes room from the flow.
    const watch = new ResizeObserver(() => {
      if (isAtNewest.peek()) box.scrollTop = box.scrollHeight;
    });
    watch.observe(box);
    return () => watch.disconnect();
  }, []);
  return scroller;
}

function Earlier({ timeline }: { timeline: Timeline }) {
  const button = useRef<HTMLButtonElement>(null);
  const count = timeline.messages.value.length;
  // Watching starts anew after each page: on a tall screen one page may not fill the view.
  useEffect(() => {
    if (!button.current) return;
    const watch = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) void readEarlier(timeline.groupId);
    });
    watch.observe(button.current);
    return () => watch.disconnect();
  }, [count, timeline]);
  if (timeline.isComplete.value) return <p class="beginning">{t.beginning}</p>;
  return (
    <button
      ref={button}
      class="button earlier"
      type="button"
      disabled={timeline.isLoading.value}
      onClick={() => void readEarlier(timeline.groupId)}
    >
      {timeline.isLoading.value ? t.loading : t.earlier}
    </button>
  );
}

export function MessageFlow({ timeline }: { timeline: Timeline }) {
  const scroller = useStillness(timeline);
  const unread = openConversation.value?.unreadNum ?? 0;
  useEffect(() => {
    isAtNewest.value = true;
    return () => {
      isAtNewest.value = true;
    };
  }, []);

  const look = () => {
    const box = scroller.current;
    if (!box) return;
    isAtNewest.value = box.scrollHeight - box.scrollTop - box.clientHeight < atNewestPixels;
  };
  const toNewest = () => {
    scroller.current?.scrollTo({ top: scroller.current.scrollHeight, behavior: "smooth" });
  };
  return (
    <div class="flow">
      <div
        ref={scroller}
        class="flow-scroller"
        onScroll={look}
        role="log"
        aria-label={t.messages}
        aria-busy={timeline.isLoading.value}
        tabIndex={0}
      >
        {timeline.isLoaded.value ? <Earlier timeline={timeline} /> : <p>{t.loading}</p>}
        <ol class="messages">
          <Items messages={timeline.messages.value} />
          {timeline.drafts.value.map((draft) => (
            <DraftItem key={`draft-${draft.key}`} draft={draft} />
          ))}
        </ol>
      </div>
      {!isAtNewest.value && (
        <button class="to-newest" type="button" aria-label={t.newest} onClick={toNewest}>
          {unread > 0 && <span class="badge">{unread}</span>}
          <Icon name="down" />
        </button>
      )}
    </div>
  );
}
