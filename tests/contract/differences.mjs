// Where Coterie does not do as the seed system did: each with the row of docs/protocol.md that says
// so, and what an exchange of recorded.json is to be instead.
//
// `change` holds functions that make of what was recorded what is due, by the name of the exchange;
// `everywhere` one for all exchanges; `adds` are properties that may be there as well. One that
// changes nothing, or whose exchange is as it was recorded, fails the test.
// SPDX-License-Identifier: MIT
import { storesNoNul } from "../support/coterie.mjs";

const jsonType = "application/json; charset=utf-8";
const reasons = { 400: "Bad Request", 404: "Not Found" };

const fails = (status, message) => (recorded, path) => ({
  status, type: jsonType,
  body: { status, timestamp: "<time>", path, message,
          ...(reasons[status] ? { error: reasons[status], statusCode: status } : {}) },
});
const invalid = (...complaints) => fails(400, complaints);
const each = (change, names) => Object.fromEntries(names.split(" ").map((name) => [name, change]));
const exception = (message) => (recorded) => ({
  ...recorded, hears: [["exception", { status: "error", message }]],
});
const withData = (make) => (recorded) =>
  ({ ...recorded, body: { ...recorded.body, data: make(recorded.body.data) } });

// `make(object)` for every object in `value`, the inner ones first.
function inEach(value, make) {
  if (Array.isArray(value)) return value.map((one) => inEach(one, make));
  if (!value || typeof value !== "object") return value;
  return make(Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, inEach(inner, make)])));
}

const without = (object, name) => {
  const { [name]: gone, ...rest } = object;
  return rest;
};

const withoutEmail = (user) => user && typeof user === "object" ? without(user, "email") : user;

// The message that a video without a cover became, like another video.
const coverless = ({ user, ...video }) => {
  const text = JSON.stringify(video).replaceAll(/<id (message|file)(\d+)>/g, "<id $1$2coverless>");
  const { file, cover, ...rest } = JSON.parse(text);
  return { ...rest, user, file, cover };
};
const oneMoreUnread = (recorded) => inEach(recorded, (object) =>
  object.unreadNum > 0 ? { ...object, unreadNum: object.unreadNum + 1 } : object);
const markStays = (recorded) => inEach(recorded, (object) =>
  "lastMsgId" in object ? { ...object, lastMsgId: "<id message7>", unreadNum: 0 } : object);

const handshake = '0{"sid":"<sid>","upgrades":["websocket"],"pingInterval":25000,' +
                  '"pingTimeout":20000,"maxPayload":1000000}';
const withOffset = ([head, payload]) => [head, [...payload, "<number>"]];
const isPage = (recorded) => ({ ...recorded, type: "text/html; charset=utf-8" });
const hearsToo = (recorded) => ({ ...recorded, hears: ["group-message:<id group1>"] });
const firstTen = withData((list) => list.slice(0, 10));
const script = "text/javascript; charset=utf-8";
const notThere = (method, path) => fails(404, `Cannot ${method} ${path}`);
const notIn = fails(406, "you are not in the group!");
const noGroup = fails(404, "group is not exists");
const noCover = fails(404, "cover is not exists");
const picture = fails(400, "Validation failed (expected type is /image\\/(png|jpeg|jpg)/)");
const noVideo = fails(400, "Validation failed (expected type is a video)");
const badId = invalid("id must be an integer number");
const badSize = invalid("size must be an integer number not less than 0");
const notBoth = (name) => invalid(`${name} must be a string or a number`);
const noObject = exception("the payload must be an object {id, messageId}");
const noId = exception("id must be an integer number");
const noMessageId = exception("messageId must be an integer number");
const foreign = exception("messageId is not a message of that group");
const noAddress = invalid("email should not be empty", "email must be an email");

const rules = [
  {
    row: "one socket per user: a second device silences the first",
    change: {
      "two devices of A: first": hearsToo,
      "remaining device of A": hearsToo,
    },
  },
  {
    row: "500 for unknown or used covers, missing groups, bad ids, forms without their parts, bad sizes",
    change: {
      ...each(noCover, "group.create-coverId-nan-float group.create-coverId-unknown " +
                       "group.create-coverId-zero"),
      "create group unknown cover": noCover,
      ...each(invalid("coverId is already the cover of a group"), "group.create-cover-reused"),
      "create group same cover again": invalid("coverId is already the cover of a group"),
      ...each(noGroup, "group.detail-missing group.detail-negative"),
      "group detail missing": noGroup,
      ...each(badId, "group.detail-nan group.detail-float group.detail-infinity join.empty-code"),
      "group detail not a number": badId,
      "text.groupId-numeric-prefix-string": notIn,
      ...each(invalid("groupId should not be empty"), "image.no-groupId video.no-groupId"),
      "image without group": invalid("groupId should not be empty"),
      "image.groupId-abc": invalid("groupId must be an integer number"),
      ...each(fails(400, "File is required"), "video.no-files video.not-multipart"),
      "video none": fails(400, "File is required"),
      ...each(badSize, "msglist.size-neg msglist.size-abc msglist.size-float msglist.size-overflow"),
      "messages bad size": badSize,
      "messages negative size": badSize,
      "user.update-username-null": () =>
        ({ status: 201, type: jsonType, body: { status: 0, message: "success" } }),
    },
  },
  {
    row: "what the mail server refuses is 500, with its words",
    change: { "sendCode.smtp-reject": fails(503, "the mail could not be sent, please try again later") },
  },
  {
    row: "objects and arrays, true and false, where a number or a text belongs are taken by the " +
         "database as it likes",
    change: {
      ...each(notBoth("loginName"), "login.loginName-object login.loginName-object-INJECTION " +
                                    "login.loginName-array login.loginName-true"),
      "login.loginName-number-0": fails(406, "account does not exist"),
      ...each(notBoth("groupId"), "text.groupId-object text.groupId-object-INJECTION " +
                                  "text.groupId-array text.groupId-true msglist.groupId-repeat " +
                                  "msglist.groupId-object msglist.groupId-object-INJECTION"),
      ...each(notBoth("cursorId"), "msglist.cursor-repeat msglist.cursor-object"),
      // There is no message that went to the group [4].
      "msglist.size-huge": withData((list) => list.filter(({ id }) => id !== "<id message2>")),
    },
  },
  {
    row: "a video needs its cover",
    change: {
      "video no cover": () => ({ status: 201, type: jsonType, body: "<any>" }),
      "video.no-cover": () => ({ status: 201, type: jsonType, body: "<any>" }),
      ...Object.fromEntries(["messages default size", "messages size 3"].map((name) =>
        [name, withData((list) => [coverless(list[0]), ...list.slice(0, -1)])])),
      "messages size zero": withData((list) => [coverless(list[0]), ...list]),
      "conversation list with messages": withData((list) => list.map((one) =>
        one.recentMsg ? { ...one, recentMsg: { ...coverless({ ...one.recentMsg }), file: undefined,
                                               cover: undefined } } : one)),
      "update-last-msg": oneMoreUnread,
      "update-last-msg with ack callback": oneMoreUnread,
    },
  },
  {
    row: "types are what the client claims; an empty file or any file as a video",
    change: {
      ...each(picture, "avatar.spoofed-content avatar.regex-unanchored avatar.empty-file"),
      ...each(noVideo, "video.field-names-ignored-order-matters video.any-type"),
    },
  },
  {
    // Of five messages two were no videos, and one had no cover; what was before them comes up.
    row: "a video needs its cover",
    change: {
      "msglist.with-media": withData(([last, three, , , happy]) => {
        const image = { ...happy, id: "<id message28>", type: 1, coverId: null,
                        fileId: "<id file14>", cover: null,
                        file: { ...happy.file, id: "<id file14>", path: "image/<random 21>",
                                type: "image" } };
        return [last, three, coverless(happy), happy, image];
      }),
    },
  },
  {
    row: "`size` has no upper bound, 0 is everything",
    change: { "messages size zero": firstTen, "msglist.size-0": firstTen },
  },
  {
    row: "any user reads any group's members; members see `inviteCode` and each other's `email`",
    change: { "group.detail-non-member": notIn, "group detail stranger": notIn },
    everywhere: (recorded) => inEach(recorded, (object) => {
      if (object.userRole === 1 && object.group?.inviteCode) {
        return { ...object, group: without(object.group, "inviteCode") };
      }
      if (Array.isArray(object.users)) return { ...object, users: object.users.map(withoutEmail) };
      return "content" in object && object.user
        ? { ...object, user: withoutEmail(object.user) } : object;
    }),
  },
  {
    row: "`update-last-msg` with bad input marks some conversation, and marks move backwards",
    change: {
      "update-last-msg null": noObject,
      "update-last-msg string": noObject,
      ...each(noObject, "ulm.payload-null ulm.payload-null-with-ack ulm.payload-none " +
                        "ulm.payload-string ulm.payload-number ulm.payload-array"),
      ...each(noId, "ulm.id-object ulm.id-array ulm.id-abc ulm.id-missing ulm.empty-object " +
                    "ulm.null-id"),
      ...each(noMessageId, "ulm.missing-messageId ulm.null-messageId ulm.messageId-abc " +
                           "ulm.messageId-float ulm.messageId-object"),
      ...each(foreign, "ulm.nonexistent-message ulm.message-0 ulm.negative ulm.messageId-overflow"),
      ...each(markStays, "ulm.backwards ulm.string-ids ulm.extra-property ulm.payload-two-args " +
                         "ulm.null-id-after"),
      "rawws.binary-event": ({ steps }) => ({ steps: steps.map((step) =>
        step.get?.[1]?.[0] === "update-last-msg"
          ? { get: ["42", ["exception", { status: "error",
                                          message: "id must be an integer number" }]] }
          : step) }),
    },
  },
  {
    row: "`unreadNum` is missing until something was read",
    everywhere: (recorded) => inEach(recorded, (object) =>
      "userRole" in object && !("unreadNum" in object)
        ? { ...object, unreadNum: "<count>" } : object),
  },
  {
    row: "new messages do not move a conversation up the list",
    change: each(withData((list) => [...list].reverse()), "conversation.list-alice"),
  },
  {
    row: "an ack of `update-last-msg` is never called",
    everywhere: (recorded) => recorded.ack === null && recorded.hears.length
      ? { ...recorded, ack: recorded.hears[0].slice(1) } : recorded,
  },
  {
    row: "a captcha can be used again, attempts are unlimited",
    change: { "captcha used again": fails(406, "captcha error") },
  },
  {
    row: "`sendCode` without an address says `user email already exists`",
    change: {
      "sendCode without email": noAddress,
      ...each(noAddress, "sendCode.empty-string sendCode.no-email-field sendCode.email-null"),
      ...each(invalid("email must be an email"),
              "sendCode.not-an-email sendCode.email-object sendCode.email-number"),
    },
  },
  {
    row: "413 and 415 conditions are 500",
    change: {
      "body.too-large-json": fails(413, "Payload Too Large"),
      "body.bad-charset": fails(415, "unsupported charset=foo"),
      "body.bad-encoding": fails(415, 'unsupported content encoding "foo"'),
    },
  },
  {
    row: "any unknown path outside `/api` is the page with 200 and no type, whatever the method",
    change: {
      "unknown page": isPage,
      ...each(isPage, "general.spa-fallback-get general.spa-fallback-head " +
                      "general.bad-percent-outside"),
      "general.spa-fallback-post": notThere("POST", "/whatever"),
      "general.spa-fallback-missing-asset": notThere("GET", "/assets/missing.js"),
      "general.static-dotdot": notThere("GET", "/..%2f..%2f.env"),
      "general.static-dotfile": notThere("GET", "/.env"),
      "eio.no-trailing-slash": notThere("GET", "/socket.io?EIO=4&transport=polling"),
    },
  },
  {
    row: "its own page, whose files come in ranges",
    change: {
      ...each((recorded) => ({ ...recorded, "accept-ranges": null }),
              "general.static-root general.static-index-html general.static-js-304"),
      ...each((recorded) => ({ ...recorded, type: script, "accept-ranges": null }),
              "general.static-js general.static-js-gzip-accept"),
      "general.static-js-range": () => ({ status: 200, type: script, "accept-ranges": null,
                                          "content-range": null, body: "<any>" }),
    },
  },
  {
    row: "the words of V8 for malformed JSON",
    change: {
      ...each(fails(400, "syntax error in JSON at position 1"),
              "body.malformed-json body.malformed-json-needs-auth-route " +
              "body.malformed-json-unknown-route body.malformed-json-outside-api"),
      "body.truncated-json": fails(400, "Unexpected end of JSON input"),
      ...each(fails(400, "the body must be a JSON object"), "body.string-json body.null-json"),
    },
  },
  {
    row: "half of a surrogate pair that is escaped (`\\ud800`) is told back as it came",
    change: { "text.lone-surrogate": withData((data) => ({ ...data, content: "a\ufffdb" })) },
  },
  {
    row: "`4abc`, `4e0`, `0x4`, `%204` are ids",
    change: {
      ...each(badId, "group.detail-exp-number group.detail-hex group.detail-space"),
      "msglist.groupId-prefix": notIn,
    },
  },
  {
    row: "the case of an invite code does not matter",
    change: { "join.case-folded-code": fails(406, "invite code invalid") },
  },
  {
    row: "JSONP polling, and the client at `/socket.io/socket.io.js`",
    change: {
      "eio.serve-client": () => ({ status: 400, type: "application/json",
                                   body: { code: 0, message: "Transport unknown" } }),
      "eio.b64-jsonp": (recorded) => ({ ...recorded, body: handshake }),
    },
  },
  {
    row: "Engine.IO's close packet (`1`) from a client is passed over",
    change: {
      "rawws.eio-close-packet": ({ steps }) => ({ steps: [...steps.slice(0, -1), { closes: 1005 }] }),
    },
  },
  {
    row: "the token of a socket is in the header only",
    change: {
      "rawws.auth-in-connect-payload-ignored": ({ steps }) =>
        ({ steps: [...steps.slice(0, 3), { stays: true }] }),
    },
  },
  {
    row: "what is pushed while a connection is lost is lost",
    adds: ["pid"],
    change: {
      ...each(({ packets, ...rest }) => ({ ...rest, packets: packets.map(withOffset) }),
              "eio.poll-event eio.poll-after-unknown-and-foreign"),
      ...each(({ steps }) => ({ steps: steps.map((step) =>
        step.get?.[0] === "42" ? { get: withOffset(step.get) } : step) }),
              "rawws.no-token rawws.bad-token rawws.bearer-prefix rawws.binary-event"),
    },
  },
  ...(storesNoNul ? [{
    row: "a text holds NUL",
    everywhere: (recorded) =>
      JSON.parse(JSON.stringify(recorded).replaceAll("\\u0000", "\ufffd")),
  }] : []),
  { row: "errors are prose only", adds: ["code"] },
  { row: "messages have ids only", adds: ["seq", "lastSeq"] },
  { row: "a picture is a link only", adds: ["width", "height"] },
];

export class Differences {
  #seen = new Set();
  #added = new Map(rules.flatMap(({ adds = [] }) => adds.map((name) => [name, false])));

  // `text` is docs/protocol.md, whose table must have a row for each rule.
  constructor(text) {
    const rows = text.split("\n").map((line) => /^\| (.*?) \| /.exec(line)?.[1]);
    for (const { row } of rules) {
      if (!rows.includes(row)) throw new Error(`no row of docs/protocol.md begins with: ${row}`);
    }
  }

  mayAdd(name) {
    if (this.#added.has(name)) this.#added.set(name, true);
    return this.#added.has(name);
  }

  // What is due instead of what was recorded, and what would be due without one of the differences.
  due({ name }, recorded, path) {
    const changes = rules.flatMap(({ row, everywhere, change = {} }) => {
      const mine = Object.hasOwn(change, name) ? [[row, name, change[name]]] : [];
      return [...mine, ...(everywhere ? [[row, "everywhere", everywhere]] : [])];
    });
    const after = (list) => list.reduce((value, [, , make]) => make(value, path), recorded);
    const text = (list) => JSON.stringify(after(list));
    const all = text(changes);
    const needed = changes.filter((one) => text(changes.filter((other) => other !== one)) !== all);
    for (const [row, key] of needed) this.#seen.add(`${row}: ${key}`);
    return { due: JSON.parse(all),
             without: needed.map((one) => [one[0], after(changes.filter((other) => other !== one))]) };
  }

  unseen() {
    const all = rules.flatMap(({ row, change = {}, everywhere }) =>
      [...Object.keys(change), ...(everywhere ? ["everywhere"] : [])].map((key) => `${row}: ${key}`));
    const unused = [...this.#added].filter(([, wasThere]) => !wasThere).map(([name]) => name);
    return [...all.filter((one) => !this.#seen.has(one)), ...unused];
  }
}
