// An S3 server: Debian's Swift with s3api and tempauth, which checks every signature.
//
// Five programs on free ports, run by whoever runs the tests: memcached, and Swift's account,
// container and object servers behind its proxy. They read /etc/swift/swift.conf, the one of the
// package, wherever swift_dir points.
// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { createHash, createHmac } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";

import { temporaryFolder } from "../coterie.mjs";
import { request } from "../http.mjs";
import { Child, freePort, untilListening } from "../process.mjs";

const stores = ["account", "container", "object"];

export async function startS3() {
  const server = new Swift();
  await server.start();
  return server;
}

class Swift {
  accessKey = "chat:s3"; // Swift's have a colon.
  secretKey = "secret+of/a=test";
  region = "us-east-1";
  bucket = "pictures";
  #folder = temporaryFolder();
  #ports = {};
  #children = new Map();

  async start() {
    if (!existsSync("/etc/swift/swift.conf")) {
      throw new Error("no /etc/swift/swift.conf: install swift-proxy and the others of " +
                      "tools/packages");
    }
    mkdirSync(join(this.#folder, "disks/sdb1"), { recursive: true });
    for (const name of ["memcached", ...stores, "proxy"]) this.#ports[name] = await freePort();
    this.#makeRings();
    this.#run("memcached", "memcached", "-u", userInfo().username, "-l", "127.0.0.1",
              "-p", `${this.#ports.memcached}`, "-U", "0", "-m", "16");
    for (const name of stores) this.#runSwift(name, storeSettings(name));
    this.#runProxy();
    for (const [name, child] of this.#children) await untilListening(child, [this.#ports[name]]);
  }

  get url() {
    return `http://127.0.0.1:${this.#ports.proxy}`;
  }

  // What makes a server keep its files here.
  get settings() {
    return { S3_ENDPOINT: this.url, S3_BUCKET: this.bucket, S3_REGION: this.region,
             S3_ACCESS_KEY: this.accessKey, S3_SECRET_KEY: this.secretKey };
  }

  // Nobody answers any more, until startAgain(). What is stored stays.
  async kill() {
    await this.#children.get("proxy").stop("SIGKILL");
  }

  // "SIGSTOP": it listens and says nothing, until "SIGCONT".
  signal(name) {
    this.#children.get("proxy").signal(name);
  }

  async startAgain() {
    await untilListening(this.#runProxy(), [this.#ports.proxy]);
  }

  async stop() {
    await Promise.all([...this.#children.values()].map((child) => child.stop("SIGKILL")));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  // One signed request: {status, headers, bytes, body}.
  call(method, path = "", query = {}, body) {
    const key = path && `/${path}`;
    return request(this.presign(method, `/${this.bucket}${key}`, query), { method, body });
  }

  // The paths of all files, and of all that are half there.
  async files() {
    return texts((await this.call("GET", "", { "list-type": "2" })).body, "Key");
  }

  async uploads() {
    return texts((await this.call("GET", "", { uploads: "" })).body, "Key");
  }

  // Signed anew, with none of the server's code: who signs wrongly on both sides would not notice.
  presign(method, path, query, now = new Date()) {
    const time = now.toISOString().replace(/[-:]|\.\d+/g, "");
    const scope = `${time.slice(0, 8)}/${this.region}/s3/aws4_request`;
    const signed = new URLSearchParams({
      ...query,
      "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
      "X-Amz-Credential": `${this.accessKey}/${scope}`,
      "X-Amz-Date": time,
      "X-Amz-Expires": "900",
      "X-Amz-SignedHeaders": "host",
    });
    signed.sort();
    const host = new URL(this.url).host;
    const canonical = [method, path, `${signed}`, `host:${host}`, "", "host", "UNSIGNED-PAYLOAD"];
    const digest = createHash("sha256").update(canonical.join("\n")).digest("hex");
    const hmac = (key, text) => createHmac("sha256", key).update(text).digest();
    const key = [time.slice(0, 8), this.region, "s3", "aws4_request"]
      .reduce(hmac, `AWS4${this.secretKey}`);
    const signature = hmac(key, ["AWS4-HMAC-SHA256", time, scope, digest].join("\n"));
    return `${this.url}${path}?${signed}&X-Amz-Signature=${signature.toString("hex")}`;
  }

  #run(name, command, ...words) {
    const child = new Child(command, words);
    this.#children.set(name, child);
    return child;
  }

  #runSwift(name, settings) {
    const file = join(this.#folder, `${name}.conf`);
    writeFileSync(file, `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${this.#ports[name]}
user = ${userInfo().username}
workers = 0
swift_dir = ${this.#folder}
devices = ${join(this.#folder, "disks")}
mount_check = false
fallocate_reserve = 0
log_level = ERROR
${settings}`);
    return this.#run(name, `swift-${name}-server`, file);
  }

  #runProxy() {
    return this.#runSwift("proxy", `
[pipeline:main]
pipeline = catch_errors cache s3api tempauth slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:${this.#ports.memcached}
[filter:s3api]
use = egg:swift#s3api
location = ${this.region}
[filter:tempauth]
use = egg:swift#tempauth
user_${this.accessKey.replace(":", "_")} = ${this.secretKey} .admin
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
`);
  }

  // Which server has what: one device each.
  #makeRings() {
    const script = `
import sys
from swift.common.ring import RingBuilder
folder, *pairs = sys.argv[1:]
for name, port in zip(pairs[::2], pairs[1::2]):
    builder = RingBuilder(2, 1, 0)
    builder.add_dev(dict(region=1, zone=1, ip="127.0.0.1", port=int(port), device="sdb1", weight=1,
                         replication_ip="127.0.0.1", replication_port=int(port), id=0))
    builder.rebalance()
    builder.get_ring().save(f"{folder}/{name}.ring.gz")
`;
    const pairs = stores.flatMap((name) => [name, `${this.#ports[name]}`]);
    execFileSync("/usr/bin/python3", ["-c", script, this.#folder, ...pairs]);
  }
}

const storeSettings = (name) => `
[pipeline:main]
pipeline = ${name}-server
[app:${name}-server]
use = egg:swift#${name}
`;

// What stands between each <name> and </name>.
const texts = (xml, name) =>
  [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g"))].map((match) => match[1]).sort();
