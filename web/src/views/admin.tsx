// For operators: numbers, who is connected, what went wrong, users and groups.
// SPDX-License-Identifier: MIT
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import {
  connections,
  deliveries,
  disconnect,
  groups,
  overview,
  problem,
  users,
  watch,
} from "../state/admin";
import { locale, t } from "../strings";
import { briefTime, fullTime } from "../times";
import { Page } from "./parts/page";
import { useTask } from "./parts/submit";

const chartWidth = 240;
const chartHeight = 44;

const short = (value: number) =>
  new Intl.NumberFormat(locale, { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);

function When({ instant }: { instant: string }) {
  return (
    <time dateTime={instant} title={fullTime(instant)}>
      {briefTime(instant)}
    </time>
  );
}

function Figure({ label, value }: { label: string; value: number | undefined }) {
  return (
    <div class="figure">
      <dt>{label}</dt>
      <dd>{value === undefined ? "–" : short(value)}</dd>
    </div>
  );
}

function Deliveries() {
  const samples = deliveries.value;
  const most = Math.max(1, ...samples) * 1.1;
  const step = chartWidth / Math.max(1, samples.length - 1);
  const points = samples.map(
    (value, place) => `${place * step},${chartHeight - (value / most) * (chartHeight - 2) - 1}`,
  );
  return (
    <div class="figure wide">
      <dt>{t.deliveriesPerSecond}</dt>
      <dd>{samples.length === 0 ? "–" : short(samples.at(-1) ?? 0)}</dd>
      <svg
        viewBox={`0 0 ${chartWidth} ${chartHeight}`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        {points.length > 1 && (
          <>
            <polygon points={`0,${chartHeight} ${points.join(" ")} ${chartWidth},${chartHeight}`} />
            <polyline points={points.join(" ")} />
          </>
        )}
      </svg>
    </div>
  );
}

interface TableProperties {
  title: string;
  columns: string[];
  children: ComponentChildren;
  isEmpty: boolean;
}

function Table({ title, columns, children, isEmpty }: TableProperties) {
  return (
    <section class="table" aria-label={title}>
      <h2>{title}</h2>
      {isEmpty ? (
        <p class="quiet">{t.nothingHere}</p>
      ) : (
        <div class="table-scroller" tabIndex={0} role="region" aria-label={title}>
          <table>
            <thead>
              <tr>
                {columns.map((column) => (
                  <th scope="col" key={column}>
                    {column || <span class="only-read-aloud">{t.actions}</span>}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>{children}</tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Connections() {
  const chosen = useRef("");
  const ending = useTask(() => disconnect(chosen.current));
  return (
    <Table
      title={t.connections}
      columns={[t.username, t.address, t.since, ""]}
      isEmpty={connections.value.length === 0}
    >
      {connections.value.map(({ id, username, address, since }) => (
        <tr key={id}>
          <td>{username}</td>
          <td>{address}</td>
          <td>
            <When instant={since} />
          </td>
          <td class="action">
            <button
              class="button small"
              type="button"
              disabled={ending.busy.value}
              aria-label={`${t.disconnect}: ${username}`}
              onClick={() => {
                chosen.current = id;
                void ending.run();
              }}
            >
              {t.disconnect}
            </button>
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Trouble() {
  const lines = overview.value?.trouble ?? [];
  return (
    <Table title={t.lastErrors} columns={[t.when, t.level, t.text]} isEmpty={lines.length === 0}>
      {lines.map(({ time, level, text }) => (
        <tr>
          <td>
            <When instant={time} />
          </td>
          <td>
            <span class={`tag ${level}`}>{level}</span>
          </td>
          <td class="text">{text}</td>
        </tr>
      ))}
    </Table>
  );
}

export function Admin() {
  useEffect(watch, []);
  const now = overview.value;
  return (
    <Page title={t.administration} isWide>
      <p class="complaint" role="alert">
        {problem.value}
      </p>
      <dl class="figures">
        <Figure label={t.connections} value={now?.connections} />
        <Figure label={t.users} value={now?.users} />
        <Figure label={t.groups} value={now?.groups} />
        <Figure label={t.messages} value={now?.messages} />
        <Deliveries />
      </dl>
      <Connections />
      <Trouble />
      <Table
        title={t.users}
        columns={[t.username, t.nickname, t.email, t.since]}
        isEmpty={users.value.length === 0}
      >
        {users.value.map((user) => (
          <tr key={user.id}>
            <td>
              {user.username} {user.isAdmin && <span class="tag">{t.admin}</span>}
            </td>
            <td>{user.nickname}</td>
            <td>{user.email}</td>
            <td>
              <When instant={user.createAt} />
            </td>
          </tr>
        ))}
      </Table>
      <Table
        title={t.groups}
        columns={[t.groupName, t.owner, t.membersTitle, t.since]}
        isEmpty={groups.value.length === 0}
      >
        {groups.value.map((group) => (
          <tr key={group.id}>
            <td>{group.name}</td>
            <td>{group.owner}</td>
            <td>{short(group.members)}</td>
            <td>
              <When instant={group.createAt} />
            </td>
          </tr>
        ))}
      </Table>
    </Page>
  );
}
