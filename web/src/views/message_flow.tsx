// The messages of the open group, newest at the bottom, history loading upward.
//
// Where the reader is stays where it is: at the newest message the view follows the flow; further
// up it holds still while messages arrive below or history above. Only what is near the view is
// in the document.
// SPDX-License-Identifier: MIT
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import type { User } from "../api/model";
import { displayName } from "../names";
import {
  isAtNewest,
  jumpToNewest,
  openConversation,
  outboxOf,
  readEarlier,
  readLater,
  seenBefore,
} from "../state/chat";
import { detailOf } from "../state/members";
import { me } from "../state/session";
import type { Timeline } from "../state/timeline";
import { t } from "../strings";
import { said } from "../summary";
import { dayName } from "../times";
import { isFrontChange, type MessageRow, type Row, rowsOf } from "./flow_rows";
import { Icon } from "./parts/icon";
import { DraftItem, MessageItem } from "./parts/message";

const atNewestPixels = 60;
const aheadPixels = 1200; // Reads the next page while the reader still has some way to go.
const headPixels = 56; // Of what stands above the first row, as the style sheet says.
const nobody: User[] = [];

function Line({ row }: { row: MessageRow }) {
  if (row.startsUnread) {
    return (
      <p class="line-across unread">
        <span>{t.newMessages}</span>
      </p>
    );
  }
  if (row.startsDay === null) return null;
  return (
    <p class="line-across">
      <span>{dayName(row.startsDay)}</span>
    </p>
  );
}

function RowItem({ row, members }: { row: Row; members: User[] }) {
  if (row.kind === "draft") return <DraftItem draft={row.draft} members={members} />;
  return (
    <>
      <Line row={row} />
      <MessageItem
        message={row.message}
        members={members}
        isOwn={row.message.userId === me.value?.id}
        isContinued={row.isContinued}
      />
    </>
  );
}

// Says aloud what arrives while the reader is at the newest message. The flow itself must be
// silent: its rows come and go with every turn of the wheel.
function Announcer({ timeline }: { timeline: Timeline }) {
  const newest = timeline.messages.value.at(-1);
  const isNews = newest && newest.userId !== me.value?.id && isAtNewest.value;
  return (
    <p class="only-read-aloud" aria-live="polite">
      {isNews && `${displayName(newest.user)}: ${said(newest)}`}
    </p>
  );
}

function useFlow(timeline: Timeline, rows: Row[]) {
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualizerHandle>(null);
  const shownBefore = useRef<Row[]>([]);
  const lastOffset = useRef(0);
  const hasOpened = useRef(false);
  const isFront = isFrontChange(shownBefore.current, rows);

  const toEnd = () => {
    const last = rows.length - 1;
    if (last >= 0) list.current?.scrollToIndex(last, { align: "end" });
  };
  const readMore = () => {
    const handle = list.current;
    if (!handle || !timeline.isLoaded.peek() || !hasOpened.current) return;
    const below = handle.scrollSize - handle.scrollOffset - handle.viewportSize;
    if (handle.scrollOffset < aheadPixels) void readEarlier(timeline.groupId);
    else if (below < aheadPixels) void readLater(timeline.groupId);
  };
  const look = (offset: number) => {
    const handle = list.current;
    if (!handle) return;
    const below = handle.scrollSize - offset - handle.viewportSize;
    // Growing contents move the end away; only who scrolls up leaves it.
    if (below < atNewestPixels) isAtNewest.value = timeline.isLive.peek();
    else if (offset < lastOffset.current - 1) isAtNewest.value = false;
    lastOffset.current = offset;
    readMore();
  };

  useLayoutEffect(() => {
    shownBefore.current = rows;
    if (rows.length === 0) return;
    if (!hasOpened.current) {
      hasOpened.current = true;
      const unread = rows.findIndex((row) => row.kind === "message" && row.startsUnread);
      if (unread > 0) {
        isAtNewest.value = false;
        list.current?.scrollToIndex(unread, { align: "start", offset: -headPixels });
        return;
      }
    }
    if (isAtNewest.peek()) toEnd();
  }, [rows.length, rows[0]?.key, rows.at(-1)?.key]);
  // On a tall screen one page may not fill the view.
  useEffect(readMore, [rows.length, rows[0]?.key, timeline.isLoading.value]);
  const onResize = () => {
    if (isAtNewest.peek()) toEnd();
    else look(lastOffset.current);
  };
  return { scroller, list, isFront, look, onResize, toEnd };
}

export function MessageFlow({ timeline }: { timeline: Timeline }) {
  const reader = { id: me.value?.id, seenBefore: seenBefore.value };
  const drafts = timeline.isLive.value ? outboxOf(timeline.groupId).shown() : [];
  const rows = rowsOf(timeline.messages.value, drafts, reader);
  const members = detailOf(timeline.groupId).value?.users ?? nobody;
  const flow = useFlow(timeline, rows);
  const unread = openConversation.value?.unreadNum ?? 0;
  useEffect(() => {
    isAtNewest.value = true;
    return () => {
      isAtNewest.value = true;
    };
  }, []);

  const toNewest = async () => {
    await jumpToNewest(timeline.groupId);
    flow.toEnd();
  };
  const isEmpty = timeline.isLoaded.value && rows.length === 0;
  return (
    <div class="flow">
      <div
        ref={flow.scroller}
        class="flow-scroller"
        role="log"
        aria-live="off"
        aria-label={t.messages}
        aria-busy={timeline.isLoading.value}
        tabIndex={0}
      >
        <p class="flow-head">
          {timeline.isComplete.value ? (isEmpty ? "" : t.beginning) : t.loading}
        </p>
        <Virtualizer
          ref={flow.list}
          scrollRef={flow.scroller}
          startMargin={headPixels}
          shift={flow.isFront}
          data={rows}
          onScroll={flow.look}
          onResize={flow.onResize}
          as="ol"
          item="li"
        >
          {(row) => <RowItem key={row.key} row={row} members={members} />}
        </Virtualizer>
        {isEmpty && (
          <div class="nothing">
            <p class="big" aria-hidden="true">
              👋
            </p>
            <h2>{t.emptyGroup}</h2>
            <p>{t.emptyGroupHint}</p>
          </div>
        )}
      </div>
      <Announcer timeline={timeline} />
      {!(isAtNewest.value && timeline.isLive.value) && (
        <button
          class="to-newest"
          type="button"
          aria-label={t.newest}
          onClick={() => void toNewest()}
        >
          {unread > 0 && <span class="badge">{unread > 99 ? "99+" : unread}</span>}
          <Icon name="down" />
        </button>
      )}
    </div>
  );
}
