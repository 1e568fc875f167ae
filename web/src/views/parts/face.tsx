// The round picture of a person or the square one of a group; initials where there is none.
//
// A face always stands beside the name it belongs to, so it is silent for screen readers.
// SPDX-License-Identifier: MIT
import { useSignal } from "@preact/signals";
import { fileUrl } from "../../api/files";
import type { File, Group, User } from "../../api/model";
import { displayName } from "../../names";
import { fingerprint, initials } from "../../pictures";

const hueCount = 8; // Classes hue-0 … hue-7 in the style sheet.

interface Properties {
  name: string;
  seed: string;
  file: File | null | undefined;
  shape: "person" | "group";
  size?: "small" | "large" | undefined;
}

function Face({ name, seed, file, shape, size }: Properties) {
  const broken = useSignal<string | null>(null);
  const url = fileUrl(file);
  const isShown = url !== null && broken.value !== url;
  const hue = `hue-${fingerprint(seed) % hueCount}`;
  return (
    <span
      class={`face ${shape} ${size ?? ""} ${isShown ? "" : hue}`}
      data-initials={isShown ? undefined : initials(name)}
      aria-hidden="true"
    >
      {isShown && <img src={url} alt="" onError={() => (broken.value = url)} />}
    </span>
  );
}

type Size = { size?: "small" | "large" };

export function Avatar({ user, size }: { user: User } & Size) {
  const name = displayName(user);
  return <Face name={name} seed={user.username} file={user.avatar} shape="person" size={size} />;
}

export function Cover({ group, size }: { group: Group } & Size) {
  return <Face name={group.name} seed={group.name} file={group.cover} shape="group" size={size} />;
}
