// Rows for a database as the system before us made it, as SQL for MariaDB: any number, in minutes.
//
//   node tests/backends/seed_rows.mjs --users 100000 --groups 2000 --messages 10000000 | mariadb …
//
// The rows are the same each time. User n is "user_<n>" with the password "Passw0rd!", hashed as it
// was; group n is owned by user n, and groups with small numbers have more members and messages.
// One of `twice` memberships is there twice, as the race in joining left it. Every hundredth message
// is a picture, every thousandth a video. Members have read a group to one of its messages, one of
// ten has read nothing.
// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

export const seedPassword = "Passw0rd!";
export const seedSchema = readFileSync(new URL("seed_schema.sql", import.meta.url), "utf8");

const time = (seconds) =>
  `'2024-01-01 00:00:00.123456' + INTERVAL ${seconds} SECOND`;
const path = (type, key) => `CONCAT('${type}/', SUBSTR(SHA1(CONCAT('${type}', ${key})), 1, 21))`;
// Between 1 and `most`, and more often small.
const skewed = (text, most) => `1 + FLOOR(${most} * POW(CRC32(${text}) / 4294967296, 2))`;

function files({ id, type, maker, from, key = "seq" }) {
  return `INSERT INTO file (id, createAt, updateAt, path, type, url, createById)
  SELECT ${id}, ${time("seq")}, ${time("seq")}, ${path(type, key)}, '${type}',
    CONCAT('http://minio:9000/ying-chat/', ${path(type, key)}, '?X-Amz-Expires=86400&X-Amz-Signature=',
           SHA2(seq, 256)), ${maker}
  FROM ${from};`;
}

function messages({ first, last, users, groups, pictures }) {
  return `INSERT INTO group_message (id, createAt, updateAt, type, content, userId, groupId, coverId, fileId)
  SELECT seq, ${time("seq")}, ${time("seq")},
    CASE WHEN seq % 1000 = 500 THEN '2' WHEN seq % 100 = 0 THEN '1' ELSE '0' END,
    IF(seq % 100 = 0, NULL, CONCAT('message ', seq, REPEAT(' and more', CRC32(seq) % 8))),
    1 + CRC32(CONCAT('author', seq)) % ${users}, ${skewed("CONCAT('in', seq)", groups)},
    IF(seq % 1000 = 500, ${pictures} + seq, NULL), IF(seq % 100 = 0, ${pictures} + seq + 1, NULL)
  FROM seq_${first}_to_${last};
COMMIT;`;
}

// Statement after statement. The ids of files: covers, then avatars, then those of messages.
export function seedRows({ users = 30, groups = 6, memberships = 5, messages: count = 3000,
                           twice = 10 } = {}) {
  const pictures = groups + users;
  const steps = [];
  for (let first = 1; first <= count; first += 1_000_000) {
    steps.push(messages({ first, last: Math.min(count, first + 999_999), users, groups, pictures }));
  }
  return `SET autocommit = 0;
INSERT INTO user (id, createAt, updateAt, username, email, password, nickname)
  SELECT seq, ${time("seq")}, ${time("seq")}, CONCAT('user_', seq), CONCAT('user_', seq, '@example.com'),
    SHA1('${seedPassword}'), IF(seq % 7 = 0, NULL, CONCAT('ying#', seq))
  FROM seq_1_to_${users};
${files({ id: "seq", type: "cover", maker: "seq", from: `seq_1_to_${groups}` })}
${files({ id: `${groups} + seq`, type: "avatar", maker: "seq",
          from: `seq_1_to_${users} WHERE seq % 3 = 1` })}
UPDATE user SET avatarId = ${groups} + id, updateAt = updateAt WHERE id % 3 = 1;
${files({ id: `${pictures} + seq + 1`, type: "image", maker: "1",
          from: `seq_1_to_${count} WHERE seq % 100 = 0 AND seq % 1000 <> 500` })}
${files({ id: `${pictures} + seq + 1`, type: "video", maker: "1",
          from: `seq_1_to_${count} WHERE seq % 1000 = 500` })}
${files({ id: `${pictures} + seq`, type: "cover", maker: "1",
          from: `seq_1_to_${count} WHERE seq % 1000 = 500`, key: "CONCAT('video', seq)" })}
INSERT INTO \`group\` (id, createAt, updateAt, name, description, inviteCode, coverId, createById)
  SELECT id, createAt, updateAt, CONCAT('Group ', id), IF(id % 2, NULL, 'what it is about'),
    SUBSTR(path, 7), id, id
  FROM file WHERE id <= ${groups};
INSERT INTO group_conversation (createAt, updateAt, userRole, userId, groupId)
  SELECT createAt, createAt, '0', createById, id FROM \`group\`;
INSERT INTO group_conversation (createAt, updateAt, userRole, userId, groupId)
  SELECT ${time("m.user")}, ${time("m.user")}, '1', m.user, m.\`group\`
  FROM (SELECT DISTINCT u.seq AS user, ${skewed("CONCAT(u.seq, '/', k.seq)", groups)} AS \`group\`
        FROM seq_1_to_${users} u JOIN seq_1_to_${memberships} k) m
  WHERE m.user <> m.\`group\`;
COMMIT;
${steps.join("\n")}
UPDATE group_conversation c
  JOIN (SELECT groupId, MAX(id) AS newest, MAX(IF(id <= ${count} * 0.98, id, NULL)) AS newer,
          MAX(IF(id <= ${count} * 0.7, id, NULL)) AS older
        FROM group_message GROUP BY groupId) m ON m.groupId = c.groupId
  SET c.lastMsgId = IF(c.id % 10 = 3, NULL, ELT(1 + CRC32(c.id) % 3, m.newest, m.newer, m.older)),
      c.updateAt = c.updateAt;
INSERT INTO group_conversation (createAt, updateAt, userRole, lastMsgId, userId, groupId)
  SELECT createAt + INTERVAL 1 MINUTE, updateAt + INTERVAL 1 MINUTE, '1', lastMsgId + 1, userId, groupId
  FROM group_conversation WHERE id % ${twice} = 1;
COMMIT;
SET autocommit = 1;
`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const words = process.argv.slice(2);
  const options = {};
  for (let i = 0; i < words.length; i += 2) {
    const [key, value] = [words[i].replace(/^--/, ""), Number(words[i + 1])];
    if (!Number.isInteger(value) || value < 1) throw new Error(`${words[i]}: wanted a number`);
    options[key] = value;
  }
  process.stdout.write(seedSchema + seedRows(options));
}
