// One message in the flow, and one that is still on its way out.
// SPDX-License-Identifier: MIT
import { type Message, MessageType, type User } from "../../api/model";
import { displayName } from "../../names";
import { discard, sendAgain } from "../../state/chat";
import type { Draft } from "../../state/outbox";
import { writingOf } from "../../state/writing";
import { t } from "../../strings";
import { fullTime, timeOfDay } from "../../times";
import { Avatar } from "./face";
import { Icon } from "./icon";
import { Picture, Video } from "./media";
import { Text } from "./text";

function Content({ message, members }: { message: Message; members: User[] }) {
  if (message.file && message.type === MessageType.image) return <Picture message={message} />;
  if (message.file && message.type === MessageType.video) return <Video message={message} />;
  return <Text content={message.content ?? ""} members={members} />;
}

interface Properties {
  message: Message;
  members: User[];
  isOwn: boolean;
  isContinued: boolean; // The one before is by the same author, a moment earlier.
}

function Author({ message }: { message: Message }) {
  const name = displayName(message.user);
  const { text } = writingOf(message.groupId);
  const mention = () => {
    const gap = text.value === "" || text.value.endsWith(" ") ? "" : " ";
    text.value = `${text.value}${gap}@${message.user.username} `;
  };
  return (
    <button class="author" type="button" title={t.mention(name)} onClick={mention}>
      {name}
    </button>
  );
}

export function MessageItem({ message, members, isOwn, isContinued }: Properties) {
  const name = displayName(message.user);
  return (
    <div class={`message ${isOwn ? "own" : ""} ${isContinued ? "continued" : ""}`}>
      {!isContinued && !isOwn && <Avatar user={message.user} />}
      <div class="said">
        <p class={isContinued ? "only-read-aloud" : "byline"}>
          {isOwn || isContinued ? (
            <span class="only-read-aloud">{name}</span>
          ) : (
            <Author message={message} />
          )}{" "}
          <time dateTime={message.createAt} title={fullTime(message.createAt)}>
            {timeOfDay(message.createAt)}
          </time>
        </p>
        <Content message={message} members={members} />
      </div>
    </div>
  );
}

function State({ draft }: { draft: Draft }) {
  const percent = Math.round(draft.progress * 100);
  if (draft.state === "sending" && draft.attachment) {
    return (
      <>
        {t.uploading(percent)}{" "}
        <button class="link" type="button" onClick={() => discard(draft)}>
          {t.cancel}
        </button>
      </>
    );
  }
  if (draft.state === "sending") return <>{t.sending}</>;
  const complaint = { waiting: t.waiting, held: t.held, failed: t.notSent }[draft.state];
  return (
    <>
      <span class={draft.state === "failed" ? "complaint" : ""}>{complaint}</span>{" "}
      <button class="link" type="button" onClick={() => sendAgain(draft)}>
        {t.retry}
      </button>{" "}
      <button class="link" type="button" onClick={() => discard(draft)}>
        {t.discard}
      </button>
    </>
  );
}

export function DraftItem({ draft, members }: { draft: Draft; members: User[] }) {
  const { attachment } = draft;
  return (
    <div class={`message own draft ${draft.state}`}>
      <div class="said">
        {attachment ? (
          <span class="picture of-unknown-size">
            <img src={attachment.url} alt={t.attachment(attachment.name)} />
            {attachment.kind === "video" && (
              <span class="play">
                <Icon name="play" />
              </span>
            )}
            {draft.state === "sending" && (
              <progress max="1" value={draft.progress} aria-label={attachment.name} />
            )}
          </span>
        ) : (
          <Text content={draft.content ?? ""} members={members} />
        )}
        <p class="state">
          <State draft={draft} />
        </p>
      </div>
    </div>
  );
}
