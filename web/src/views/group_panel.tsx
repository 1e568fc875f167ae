// About the open group: what it is, who is in it, and for its owner the invitation.
// SPDX-License-Identifier: MIT
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { GroupDetail, Id } from "../api/model";
import { displayName, matchMembers } from "../names";
import { detailOf, loadDetail } from "../state/members";
import { notify } from "../state/notice";
import { presenceIn } from "../state/presence";
import { inviteLink } from "../state/route";
import { t } from "../strings";
import { Avatar, Cover } from "./parts/face";
import { Icon } from "./parts/icon";
import { QrCode } from "./parts/qr";
import { Complaint, useTask } from "./parts/submit";

const shownMax = 200; // Members at once; the others are found by the search.
const searchedFrom = 10;

function Invitation({ code }: { code: string }) {
  const link = useRef<HTMLInputElement>(null);
  const copy = async () => {
    link.current?.select();
    // The clipboard API exists only on HTTPS and localhost; the old command works everywhere.
    try {
      await navigator.clipboard.writeText(inviteLink(code));
    } catch {
      if (!document.execCommand("copy")) return;
    }
    notify(t.copied);
  };
  return (
    <section class="invitation">
      <label class="heading" for="invite-link">
        {t.inviteLink}
      </label>
      <div class="line">
        <input
          ref={link}
          id="invite-link"
          readOnly
          value={inviteLink(code)}
          onFocus={(event) => event.currentTarget.select()}
        />
        <button class="button" type="button" aria-label={t.copyLink} onClick={() => void copy()}>
          {t.copy}
        </button>
      </div>
      <p class="hint">{t.inviteLinkHint}</p>
      <details>
        <summary>{t.showQr}</summary>
        <QrCode text={inviteLink(code)} label={t.qrCode} />
      </details>
      <p class="hint">
        {t.inviteCode}: <code>{code}</code>
      </p>
    </section>
  );
}

function Members({ group }: { group: GroupDetail }) {
  const wanted = useSignal("");
  const count = group.users.length;
  const online = presenceIn(group.id)?.online;
  const shown = matchMembers(group.users, wanted.value.trim(), shownMax);
  return (
    <section aria-labelledby="members">
      <h3 class="heading" id="members">
        {t.members(count)}
      </h3>
      {count >= searchedFrom && (
        <input
          type="search"
          value={wanted.value}
          aria-label={t.searchMembers}
          placeholder={t.searchMembers}
          onInput={(event) => (wanted.value = event.currentTarget.value)}
        />
      )}
      <ul class="members">
        {shown.map((user) => (
          <li key={user.id}>
            <Avatar user={user} />
            {online?.has(user.id) && (
              <span class="online" role="img" aria-label={t.online} title={t.online} />
            )}
            <span class="name">{displayName(user)}</span>
            <span class="quiet">{user.username}</span>
            {user.id === group.createById && <span class="tag">{t.owner}</span>}
          </li>
        ))}
      </ul>
      {wanted.value === "" && count > shown.length && (
        <p class="hint">{t.moreMembers(count - shown.length)}</p>
      )}
    </section>
  );
}

export function GroupPanel({ groupId }: { groupId: Id }) {
  const group = detailOf(groupId);
  const loading = useTask(() => loadDetail(groupId));
  useEffect(() => void loading.run(), []);
  return (
    <aside class="panel" aria-label={t.about}>
      <header class="bar">
        <h2>{t.about}</h2>
        <a class="icon-button" href={`/group/${groupId}`} aria-label={t.close}>
          <Icon name="close" />
        </a>
      </header>
      <div class="panel-body">
        <Complaint of={loading} />
        {group.value && (
          <>
            <div class="group-head">
              <Cover group={group.value} size="large" />
              <p class="name">{group.value.name}</p>
              {group.value.description && <p class="quiet">{group.value.description}</p>}
            </div>
            {group.value.inviteCode && <Invitation code={group.value.inviteCode} />}
            <Members group={group.value} />
          </>
        )}
      </div>
    </aside>
  );
}
