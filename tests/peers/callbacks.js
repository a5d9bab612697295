"use strict";
// Makes callbacks as WeChat does, sealed and opened by the library named, of which nothing is ours:
//
// standard input    {library, account: {token, aesKey, appId}, url, callbacks: [{fields, ageS, times, forged}]}
// standard output   for each request {status, body}; where the body is sealed also {signed, appId, reply}
//
// `fields` are the elements of the message; without any the address is asked to echo. `ageS` is how long ago it
// was signed. `times` is how often the same request is made. `forged` says what is changed after signing.

const http = require("node:http");
const { randomBytes } = require("node:crypto");
const { parseStringPromise } = require("xml2js");

// The libraries agree on what they do and differ in how it is asked for.
const LIBRARIES = {
  "@wecom/crypto": ({ token, aesKey, appId }) => {
    const crypto = require("@wecom/crypto");
    return {
      sign: (...parts) => crypto.getSignature(token, ...parts),
      seal: (text) => crypto.encrypt(aesKey, text, appId),
      open: (sealed) => crypto.decrypt(aesKey, sealed),
    };
  },
  "wechat-crypto": ({ token, aesKey, appId }) => {
    const Crypto = require("wechat-crypto");
    const crypto = new Crypto(token, aesKey, appId);
    return {
      sign: (...parts) => crypto.getSignature(...parts),
      seal: (text) => crypto.encrypt(text),
      open: (sealed) => crypto.decrypt(sealed),
    };
  },
};

function element(name, content) {
  return `<${name}>${typeof content === "number" ? content : `<![CDATA[${content}]]>`}</${name}>`;
}

function asXml(fields) {
  const elements = Object.entries(fields).map(([name, content]) => element(name, content));
  return `<xml>${elements.join("")}</xml>`;
}

async function fromXml(text) {
  return (await parseStringPromise(text, { explicitArray: false })).xml;
}

function send(method, address, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(address, { method }, (response) => {
      const octets = [];
      response.on("data", (each) => octets.push(each));
      response.on("end", () => {
        resolve({ status: response.statusCode, body: Buffer.concat(octets).toString() });
      });
    });
    request.on("error", reject);
    request.end(body);
  });
}

function dressed(library, { fields, ageS = 0, forged = null }) {
  const timestamp = String(Math.floor(Date.now() / 1000) - ageS);
  const nonce = randomBytes(5).toString("hex");
  const query = { signature: library.sign(timestamp, nonce, ""), timestamp, nonce };
  if (!fields) {
    query.echostr = randomBytes(8).toString("hex");
    return { method: "GET", query, body: "" };
  }
  const sealed = library.seal(asXml(fields));
  query.openid = fields.FromUserName;
  query.encrypt_type = "aes";
  query.msg_signature = library.sign(timestamp, nonce, sealed);
  const sent = forged === "body" ? library.seal(asXml({ ...fields, Content: "A001" })) : sealed;
  if (forged === "nonce") query.nonce = randomBytes(5).toString("hex");
  return {
    method: "POST",
    query,
    body: asXml({ ToUserName: fields.ToUserName, Encrypt: sent }),
  };
}

async function opened(library, answer) {
  if (!answer.body.startsWith("<xml>")) return answer;
  const envelope = await fromXml(answer.body);
  const { Encrypt: sealed, TimeStamp: timestamp, Nonce: nonce } = envelope;
  const { message, id } = library.open(sealed);
  return {
    ...answer,
    signed: library.sign(timestamp, nonce, sealed) === envelope.MsgSignature,
    appId: id,
    length: Buffer.byteLength(message),
    reply: await fromXml(message),
  };
}

async function main() {
  const { library: name, account, ...question } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
  const library = LIBRARIES[name](account);
  const answers = [];
  for (const callback of question.callbacks) {
    const { method, query, body } = dressed(library, callback);
    const address = `${question.url}?${new URLSearchParams(query)}`;
    for (let time = 0; time < (callback.times ?? 1); time += 1) {
      const answer = await opened(library, await send(method, address, body));
      answers.push({ ...answer, echo: query.echostr ?? null });
    }
  }
  process.stdout.write(JSON.stringify(answers));
}

main();
