// Joining a group by the code or the link that somebody passed on.
// SPDX-License-Identifier: MIT
import { useSignal } from "@preact/signals";
import * as groups from "../api/groups";
import { conversations, reloadList } from "../state/chat";
import { notify } from "../state/notice";
import { go, invitation } from "../state/route";
import { t } from "../strings";
import { Field } from "./parts/field";
import { Page } from "./parts/page";
import { Form, useTask } from "./parts/submit";

// People paste whole links where a code is asked for.
export function codeIn(text: string): string {
  const trimmed = text.trim();
  const query = trimmed.split("?")[1];
  return (query && new URLSearchParams(query).get("join")) || trimmed;
}

export function JoinGroup() {
  const code = useSignal(invitation.value);
  const task = useTask(async () => {
    const before = new Set(conversations.peek().map((conversation) => conversation.groupId));
    await groups.join(codeIn(code.value));
    await reloadList();
    const joined = conversations.peek().find((conversation) => !before.has(conversation.groupId));
    notify(t.joined);
    go(joined ? `/group/${joined.groupId}` : "/", { replace: true });
  });
  return (
    <Page title={t.joinGroup}>
      <Form task={task} action={t.join}>
        <Field
          label={t.inviteCode}
          value={code}
          name="invite"
          hint={t.inviteCodeHint}
          autoComplete="off"
          takesFocus
        />
      </Form>
    </Page>
  );
}
