// A server with people and a group in it, made without the page: for tests that begin inside.
// SPDX-License-Identifier: MIT
import { Browser } from "./browser.mjs";
import { Coterie } from "./coterie.mjs";
import { deflateSync } from "node:zlib";

export class Scene {
  tokens = {};

  // `people` are nicknames by username; the first founds the group, the others join.
  static async set(people, groupName = "Harbour crew") {
    const scene = new Scene();
    scene.server = await Coterie.start();
    scene.browser = await Browser.launch();
    for (const [name, nickname] of Object.entries(people)) {
      await scene.server.command("user", "add", name, "--password", "Passw0rd!");
      scene.tokens[name] = await scene.server.command("token", name);
      await scene.call(name, "POST", "/user", { nickname });
    }
    scene.groupId = await scene.found(groupName);
    return scene;
  }

  get url() {
    return this.server.url;
  }

  call(name, ...request) {
    return this.server.call(this.tokens[name], ...request);
  }

  async found(name, description) {
    const [founder, ...others] = Object.keys(this.tokens);
    const cover = await this.upload(founder, "/group/cover", png(64, 64));
    const fields = { name, coverId: cover.id, ...(description ? { description } : {}) };
    const { id, inviteCode } = await this.call(founder, "POST", "/group", fields);
    for (const other of others) await this.call(other, "POST", "/group/join", { code: inviteCode });
    return id;
  }

  async upload(name, path, bytes) {
    const body = new FormData();
    body.append("file", new Blob([bytes], { type: "image/png" }), "picture.png");
    const headers = { authorization: `Bearer ${this.tokens[name]}` };
    const answer = await fetch(`${this.url}/api${path}`, { method: "POST", headers, body });
    return (await answer.json()).data;
  }

  say(name, content, groupId = this.groupId) {
    return this.call(name, "POST", "/conversation/group/message/text", { groupId, content });
  }

  // A browser of that person's own, at the group.
  async visit(name, options) {
    const page = await this.browser.person(this.url, { ...options, token: this.tokens[name] });
    await page.goto(`/group/${this.groupId}`);
    await page.getByRole("log").waitFor();
    return page;
  }

  async strike() {
    await this.browser?.close();
    await this.server?.remove();
  }
}

export const messages = (page) => page.getByRole("log").locator(".bubble");
export const writing = (page) => page.getByRole("textbox", { name: /^Message to/ });
export const sendButton = (page) => page.getByRole("button", { name: "Send", exact: true });

export async function write(page, text) {
  await writing(page).fill(text);
  await sendButton(page).click();
}

const crcTable = Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]);
  let crc = 0xffffffff;
  for (const byte of body) crc = crcTable[(crc ^ byte) & 255] ^ (crc >>> 8);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(data.length);
  const end = Buffer.alloc(4);
  end.writeUInt32BE((crc ^ 0xffffffff) >>> 0);
  return Buffer.concat([size, body, end]);
}

// A picture of a slope of colours, as PNG (ISO 15948): signature, header, data, end.
export function png(width, height, tint = 90) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8); // Eight bits, RGB, no interlacing.
  const rows = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * (1 + width * 3) + 1 + x * 3;
      rows.set([(x * 255) / width, (y * 255) / height, tint], at);
    }
  }
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  const parts = [
    ["IHDR", header],
    ["IDAT", deflateSync(rows)],
    ["IEND", Buffer.alloc(0)],
  ];
  return Buffer.concat([signature, ...parts.map(([type, data]) => chunk(type, data))]);
}

export const file = (name, bytes, mimeType = "image/png") => ({ name, mimeType, buffer: bytes });
