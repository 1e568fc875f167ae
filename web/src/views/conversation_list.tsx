// All conversations, newest activity first, with what was said last and how much is unread.
// SPDX-License-Identifier: MIT
import { useSignal } from "@preact/signals";
import type { Conversation } from "../api/model";
import { conversations, isListLoaded, openGroupId } from "../state/chat";
import { me } from "../state/session";
import { t } from "../strings";
import { summaryOf } from "../summary";
import { briefTime, fullTime } from "../times";
import { Avatar, Cover } from "./parts/face";
import { Icon } from "./parts/icon";

// Few groups are found by a look.
const searchedFrom = 4;

function isWanted({ group, recentMsg }: Conversation, text: string): boolean {
  const wanted = text.trim().toLowerCase();
  const spoken = [group.name, group.description, recentMsg?.content, recentMsg?.user.nickname];
  return spoken.some((part) => part?.toLowerCase().includes(wanted));
}

function Row({ conversation }: { conversation: Conversation }) {
  const { group, recentMsg, unreadNum } = conversation;
  const isOpen = conversation.groupId === openGroupId.value;
  const instant = recentMsg?.createAt ?? conversation.createAt;
  return (
    <li>
      <a
        class={`conversation ${unreadNum > 0 ? "has-unread" : ""}`}
        href={`/group/${group.id}`}
        aria-current={isOpen ? "page" : undefined}
      >
        <Cover group={group} />
        <span class="name">{group.name}</span>
        <time dateTime={instant} title={fullTime(instant)}>
          {briefTime(instant)}
        </time>
        <span class="summary">
          {recentMsg ? summaryOf(recentMsg, me.value?.id ?? null) : t.nothingSaid}
        </span>
        {unreadNum > 0 && (
          <span class="badge">
            <span aria-hidden="true">{unreadNum > 99 ? "99+" : unreadNum}</span>
            <span class="only-read-aloud">{t.unread(unreadNum)}</span>
          </span>
        )}
      </a>
    </li>
  );
}

function Nothing() {
  return (
    <div class="nothing">
      <h2>{t.noConversations}</h2>
      <p>{t.noConversationsHint}</p>
      <a class="button primary" href="/new">
        {t.createGroup}
      </a>
      <a class="button" href="/join">
        {t.joinGroup}
      </a>
    </div>
  );
}

function Search({ text }: { text: { value: string } }) {
  return (
    <div class="search">
      <Icon name="search" />
      <input
        type="search"
        value={text.value}
        aria-label={t.searchConversations}
        placeholder={t.searchConversations}
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
    </div>
  );
}

function List() {
  const wanted = useSignal("");
  const list = conversations.value;
  if (!isListLoaded.value && list.length === 0) {
    return (
      <ul class="conversations" aria-label={t.loading} aria-busy="true">
        {[0, 1, 2].map((place) => (
          <li key={place} class="conversation ghost" aria-hidden="true" />
        ))}
      </ul>
    );
  }
  if (list.length === 0) return <Nothing />;
  const shown = list.filter((conversation) => isWanted(conversation, wanted.value));
  return (
    <>
      {list.length >= searchedFrom && <Search text={wanted} />}
      <ul class="conversations">
        {shown.map((conversation) => (
          <Row key={conversation.id} conversation={conversation} />
        ))}
        {shown.length === 0 && <li class="no-match">{t.noMatch(wanted.value)}</li>}
      </ul>
    </>
  );
}

export function ConversationList() {
  return (
    <nav class="sidebar" aria-label={t.conversations}>
      <header class="bar">
        <a class="wordmark" href="/">
          <img src="/favicon.svg" alt="" width="28" height="28" />
          Coterie
        </a>
        <a class="icon-button" href="/join" aria-label={t.joinGroup} title={t.joinGroup}>
          <Icon name="enter" />
        </a>
        <a class="icon-button" href="/new" aria-label={t.createGroup} title={t.createGroup}>
          <Icon name="plus" />
        </a>
        <a class="icon-button" href="/me" aria-label={t.settings} title={t.settings}>
          {me.value ? <Avatar user={me.value} size="small" /> : <span class="face small person" />}
        </a>
      </header>
      <List />
    </nav>
  );
}
