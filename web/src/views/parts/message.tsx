// One message in the flow, and one that is still on its way out.
// SPDX-License-Identifier: MIT
import type { ComponentChildren } from "preact";
import { fileUrl } from "../../api/files";
import { type Message, MessageType } from "../../api/model";
import { discard, sendAgain } from "../../state/chat";
import type { Draft } from "../../state/timeline";
import { t } from "../../strings";
import { fullTime, timeOfDay } from "../../times";
import { Avatar, displayName } from "./face";

// What stands at the end of a link is more often the sentence's than the link's; Chinese
// punctuation is never part of one.
const link =
  /(https?:\/\/[^\s<>"，。；：！？、（）】」]*[^\s<>"，。；：！？、（）】」.,;:!?'()[\]{}])/gu;

// Text and links in turn. Splitting by a pattern with one group puts every match at an odd place.
export function linked(content: string): string[] {
  return content.split(link);
}

function Text({ content }: { content: string }) {
  return (
    <p class="bubble">
      {linked(content).map((part, place) =>
        place % 2 === 1 ? (
          <a href={part} target="_blank" rel="noopener noreferrer">
            {part}
          </a>
        ) : (
          part
        ),
      )}
    </p>
  );
}

function Content({ message }: { message: Message }) {
  const name = displayName(message.user);
  const url = fileUrl(message.file);
  if (message.type === MessageType.text || url === null) {
    return <Text content={message.content ?? ""} />;
  }
  const isVideo = message.type === MessageType.video;
  const picture = isVideo ? fileUrl(message.cover) : url;
  return (
    <a class="picture" href={url} target="_blank" rel="noopener noreferrer">
      <img src={picture ?? ""} alt={isVideo ? t.videoFrom(name) : t.imageFrom(name)} />
    </a>
  );
}

interface Properties {
  message: Message;
  isOwn: boolean;
  isContinued: boolean; // The one before is by the same author, a moment earlier.
}

export function MessageItem({ message, isOwn, isContinued }: Properties) {
  const time = (
    <time dateTime={message.createAt} title={fullTime(message.createAt)}>
      {timeOfDay(message.createAt)}
    </time>
  );
  return (
    <li class={`message ${isOwn ? "own" : ""} ${isContinued ? "continued" : ""}`}>
      {!isContinued && !isOwn && <Avatar user={message.user} />}
      <div class="said">
        <p class={isContinued ? "only-read-aloud" : "byline"}>
          <span class={isOwn ? "only-read-aloud" : "author"}>{displayName(message.user)}</span>{" "}
          {time}
        </p>
        <Content message={message} />
      </div>
    </li>
  );
}

export function DraftItem({ draft }: { draft: Draft }) {
  let state: ComponentChildren = t.sending;
  if (draft.state === "failed") {
    state = (
      <>
        <span class="complaint">{t.notSent}</span>{" "}
        <button class="link" type="button" onClick={() => sendAgain(draft)}>
          {t.retry}
        </button>{" "}
        <button class="link" type="button" onClick={() => discard(draft)}>
          {t.discard}
        </button>
      </>
    );
  }
  return (
    <li class={`message own draft ${draft.state}`}>
      <div class="said">
        <p class="byline">{state}</p>
        {draft.pictureUrl ? (
          <span class="picture">
            <img src={draft.pictureUrl} alt="" />
          </span>
        ) : (
          <Text content={draft.content ?? ""} />
        )}
      </div>
    </li>
  );
}
