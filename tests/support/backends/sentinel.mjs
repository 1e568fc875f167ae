// A primary of Redis, a replica, and Sentinels that make the replica the primary when the other is
// gone for a second; all on free ports of 127.0.0.1.
// SPDX-License-Identifier: MIT
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { temporaryFolder } from "../coterie.mjs";
import { Child, startListening, until } from "../process.mjs";
import { redisCli, startRedis } from "./redis.mjs";

export async function startSentinels({ password = "" } = {}) {
  const secured = password ? ["--requirepass", password, "--masterauth", password] : [];
  const first = await startRedis(...secured);
  const second = await startRedis(...secured, "--replicaof", "127.0.0.1", `${first.port}`);
  const redises = [first, second];
  const sentinels = [];
  for (let i = 0; i < 3; ++i) {
    sentinels.push(await startListening(1, ([port]) => {
      const file = join(temporaryFolder(), "sentinel.conf");
      writeFileSync(file, `port ${port}
bind 127.0.0.1
sentinel monitor chat 127.0.0.1 ${first.port} 2
sentinel down-after-milliseconds chat 1000
sentinel failover-timeout chat 5000
${password ? `sentinel auth-pass chat ${password}` : ""}
`);
      return new Child("redis-server", [file, "--sentinel"]);
    }));
  }
  const ask = (...words) => redisCli({ REDIS_PORT: sentinels[0].ports[0] }, "SENTINEL", ...words);
  const primaryPort = () => Number(ask("get-master-addr-by-name", "chat").split("\n")[1]);
  const facts = () => Object.fromEntries(
    ask("master", "chat").split("\n").reduce((pairs, word, i, all) =>
      i % 2 ? [...pairs, [all[i - 1], word]] : pairs, []));
  await until(() => facts()["num-slaves"] === "1" && facts()["num-other-sentinels"] === "2" &&
                    facts().flags === "master", () => JSON.stringify(facts()), 60_000);
  return {
    settings: {
      REDIS_SENTINELS: sentinels.map(({ ports }) => `127.0.0.1:${ports[0]}`).join(", "),
      REDIS_MASTER: "chat", ...(password && { REDIS_PASSWORD: password }),
    },
    primary: () => redises.find(({ port }) => port === primaryPort()),
    // Until another is the primary.
    failedOver: (old) =>
      until(() => primaryPort() !== old.port, () => JSON.stringify(facts()), 60_000),
    async stop() {
      for (const { child } of sentinels) await child.stop("SIGKILL");
      for (const redis of redises) if (redis.child.isRunning) await redis.kill();
    },
  };
}
