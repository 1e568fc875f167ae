// One's own picture and name, what this device is told, and the way out.
// SPDX-License-Identifier: MIT
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import * as accounts from "../api/accounts";
import type { OwnUser } from "../api/model";
import { displayName } from "../names";
import { notify } from "../state/notice";
import { go } from "../state/route";
import { loadProfile, logout } from "../state/session";
import { t } from "../strings";
import { Avatar } from "./parts/face";
import { Field } from "./parts/field";
import { Page } from "./parts/page";
import { PictureInput } from "./parts/picture_input";
import { Complaint, Form, useTask } from "./parts/submit";
import { Settings } from "./settings";

function Identity({ user }: { user: OwnUser }) {
  const picked = useRef<Blob | null>(null);
  const uploading = useTask(async () => {
    if (!picked.current) return;
    await accounts.uploadAvatar(picked.current);
    await loadProfile();
    notify(t.saved);
  });
  return (
    <>
      <div class="identity">
        <Avatar user={user} size="large" />
        <div>
          <p class="name">{displayName(user)}</p>
          <p class="quiet">{[user.username, user.email].filter(Boolean).join(" · ")}</p>
          <PictureInput
            label={t.changePicture}
            onPick={(square) => {
              picked.current = square;
              void uploading.run();
            }}
          />
        </div>
      </div>
      <Complaint of={uploading} />
    </>
  );
}

export function Profile({ user }: { user: OwnUser }) {
  const nickname = useSignal(user.nickname ?? "");
  const saving = useTask(async () => {
    await accounts.updateProfile({ nickname: nickname.value.trim() });
    await loadProfile();
    notify(t.saved);
  });
  const leaving = useTask(async () => {
    await logout();
    go("/login");
  });
  return (
    <Page title={t.settings}>
      <section class="group-of-settings" aria-labelledby="account">
        <h2 id="account">{t.signedInAs}</h2>
        <Identity user={user} />
        <Form task={saving} action={t.save}>
          <Field
            label={t.nickname}
            value={nickname}
            name="nickname"
            hint={t.nicknameHint}
            autoComplete="nickname"
            minLength={2}
            maxLength={20}
          />
        </Form>
      </section>
      <Settings />
      {user.isAdmin && (
        <a class="button to-admin" href="/admin">
          {t.administration}
        </a>
      )}
      <button
        class="button"
        type="button"
        disabled={leaving.busy.value}
        onClick={() => void leaving.run()}
      >
        {t.logout}
      </button>
    </Page>
  );
}
