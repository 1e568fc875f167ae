// A form that is sent once at a time and says what went wrong.
// SPDX-License-Identifier: MIT
import { type ReadonlySignal, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { ApiError } from "../../api/http";
import { MediaError } from "../../pictures";
import { describe } from "../../strings";

export interface Task {
  busy: ReadonlySignal<boolean>;
  complaint: ReadonlySignal<string>;
  run(): Promise<void>;
}

// Wraps `action` so that a second call while one is under way does nothing, and so that its
// expected failures become a complaint to show. `afterFailure` may prepare another try.
export function useTask(action: () => Promise<void>, afterFailure?: () => void): Task {
  const busy = useSignal(false);
  const complaint = useSignal("");
  const run = async () => {
    if (busy.peek()) return;
    busy.value = true;
    complaint.value = "";
    try {
      await action();
    } catch (error) {
      if (error instanceof MediaError) complaint.value = error.message;
      else if (error instanceof ApiError) complaint.value = describe(error);
      else throw error;
      afterFailure?.();
    } finally {
      busy.value = false;
    }
  };
  return { busy, complaint, run };
}

export function Complaint({ of }: { of: Task }) {
  // The element is there from the start: an alert that appears with its text is often not read.
  return (
    <p class="complaint" role="alert">
      {of.complaint.value}
    </p>
  );
}

interface FormProperties {
  task: Task;
  action: string; // What the button says.
  children: ComponentChildren;
}

export function Form({ task, action, children }: FormProperties) {
  const submit = (event: Event) => {
    event.preventDefault();
    void task.run();
  };
  return (
    <form class="form" onSubmit={submit}>
      {children}
      <Complaint of={task} />
      <button class="button primary" type="submit" disabled={task.busy.value}>
        {action}
      </button>
    </form>
  );
}
