// Load balancers on a free port of 127.0.0.1, set up by what docs/cluster.md tells people to copy.
// SPDX-License-Identifier: MIT
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { temporaryFolder } from "../coterie.mjs";
import { Child, startListening } from "../process.mjs";

const page = readFileSync(new URL("../../../docs/cluster.md", import.meta.url), "utf8");

// The page's block of that language, with `replacements` made: all of them must be there.
function settingsOf(language, replacements) {
  let text = new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, "m").exec(page)[1];
  for (const [from, to] of replacements) {
    if (!text.includes(from)) throw new Error(`docs/cluster.md, ${language}: no "${from}"`);
    text = text.replaceAll(from, to);
  }
  return text;
}

const nodes = ([a, b]) => [["10.0.0.1:3000", `127.0.0.1:${a}`], ["10.0.0.2:3000", `127.0.0.1:${b}`]];

// `ways` are the names in the line that chooses, by what they do.
export const haproxy = {
  ways: { cookie: "by_cookie", address: "by_address", any: "websocket_only" },
  start: (ports, way) => start(([port], folder) => {
    const file = join(folder, "haproxy.cfg");
    writeFileSync(file, settingsOf("haproxy", [
      ["bind :80", `bind 127.0.0.1:${port}`], ["default_backend by_cookie", `default_backend ${way}`],
      ...nodes(ports),
    ]).replace(/^ *server b .*\n/gm, (line) => line + ports.slice(2).map((more, i) => line
      .replace("server b", `server n${i}`).replace("cookie b", `cookie n${i}`)
      .replace(`:${ports[1]}`, `:${more}`)).join("")));
    return new Child("/usr/sbin/haproxy", ["-db", "-f", file]);
  }),
};

export const nginx = {
  ways: { cookie: "$by_cookie", address: "by_address", any: "any_node" },
  start: (ports, way) => start(([port], folder) => {
    const file = join(folder, "nginx.conf");
    const site = settingsOf("nginx", [
      ["listen 80;", `listen 127.0.0.1:${port};`], ["http://$by_cookie;", `http://${way};`],
      ...(way === "$by_cookie" ? [] : [[/^ *add_header.*$/m.exec(page)[0], ""]]), ...nodes(ports),
    ]);
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((name) => `${name}_temp_path ${join(folder, name)};`).join("\n");
    mkdirSync(join(folder, "logs"), { recursive: true });
    const owner = process.getuid() === 0 ? "user root;" : "";
    writeFileSync(file, `${owner} daemon off; pid ${join(folder, "pid")}; error_log stderr;
      worker_processes 2; events {} http { access_log off; ${temporary}\n${site} }`);
    return new Child("/usr/sbin/nginx", ["-e", "stderr", "-p", folder, "-c", file]);
  }),
};

async function start(make) {
  const folder = temporaryFolder();
  const { child, ports } = await startListening(1, (chosen) => make(chosen, folder));
  return { child, url: `http://127.0.0.1:${ports[0]}`, stop: () => child.stop("SIGTERM") };
}
