// All conversations, newest activity first, with what was said last and how much is unread.
// SPDX-License-Identifier: MIT
import { type Conversation, type Message, MessageType } from "../api/model";
import { conversations, isListLoaded, openGroupId } from "../state/chat";
import { me } from "../state/session";
import { t } from "../strings";
import { briefTime, fullTime } from "../times";
import { Avatar, Cover, displayName } from "./parts/face";
import { Icon } from "./parts/icon";

function summary(message: Message): string {
  const author = message.userId === me.value?.id ? t.you : displayName(message.user);
  const said =
    message.type === MessageType.image
      ? t.imageMessage
      : message.type === MessageType.video
        ? t.videoMessage
        : (message.content ?? "");
  return `${author}: ${said}`;
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
        <span class="summary">{recentMsg ? summary(recentMsg) : t.nothingSaid}</span>
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

export function ConversationList() {
  const list = conversations.value;
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
        {me.value && (
          <a class="icon-button" href="/me" aria-label={t.profile} title={displayName(me.value)}>
            <Avatar user={me.value} size="small" />
          </a>
        )}
      </header>
      {list.length > 0 && (
        <ul class="conversations">
          {list.map((conversation) => (
            <Row key={conversation.id} conversation={conversation} />
          ))}
        </ul>
      )}
      {list.length === 0 && (isListLoaded.value ? <Nothing /> : <p class="nothing">{t.loading}</p>)}
    </nav>
  );
}
