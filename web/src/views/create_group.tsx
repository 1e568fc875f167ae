// A new group: a name, perhaps a description, and a cover, which is drawn unless one is chosen.
// SPDX-License-Identifier: MIT
import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import * as groups from "../api/groups";
import { drawCover, drawnCover } from "../pictures";
import { reloadList } from "../state/chat";
import { go } from "../state/route";
import { t } from "../strings";
import { Field } from "./parts/field";
import { Page } from "./parts/page";
import { PictureInput } from "./parts/picture_input";
import { Form, useTask } from "./parts/submit";

export function CreateGroup() {
  const name = useSignal("");
  const description = useSignal("");
  const chosen = useSignal<{ picture: Blob; url: string } | null>(null);
  const canvas = useRef<HTMLCanvasElement>(null);

  useSignalEffect(() => {
    if (canvas.current && chosen.value === null) drawCover(canvas.current, name.value);
  });
  const dropChoice = () => {
    if (chosen.peek()) URL.revokeObjectURL(chosen.peek()!.url);
    chosen.value = null;
  };
  useEffect(() => dropChoice, []);

  const choose = (picture: Blob) => {
    dropChoice();
    chosen.value = { picture, url: URL.createObjectURL(picture) };
  };
  const creating = useTask(async () => {
    const cover = await groups.uploadCover(chosen.value?.picture ?? (await drawnCover(name.value)));
    const about = description.value.trim();
    const group = await groups.create({
      name: name.value.trim(),
      coverId: cover.id,
      ...(about === "" ? {} : { description: about }),
    });
    await reloadList();
    go(`/group/${group.id}/about`, { replace: true });
  });

  return (
    <Page title={t.createGroup}>
      <Form task={creating} action={t.create}>
        <div class="cover-choice">
          {chosen.value ? (
            <img src={chosen.value.url} alt={t.coverPreview} width="96" height="96" />
          ) : (
            <canvas ref={canvas} role="img" aria-label={t.coverPreview} width="96" height="96" />
          )}
          <div>
            <PictureInput label={t.choosePicture} onPick={choose} />
            {chosen.value && (
              <button class="button" type="button" onClick={dropChoice}>
                {t.useDrawnCover}
              </button>
            )}
          </div>
        </div>
        <Field
          label={t.groupName}
          value={name}
          name="name"
          hint={t.groupNameHint}
          autoComplete="off"
          minLength={2}
          maxLength={32}
          takesFocus
        />
        <Field
          label={t.groupDescription}
          value={description}
          name="description"
          hint={t.groupDescriptionHint}
          autoComplete="off"
          minLength={2}
          maxLength={100}
          isOptional
        />
      </Form>
    </Page>
  );
}
