"use strict";
// A server of an account made with node-easywechat: carries out what it is asked to, at the address given.
//
// standard input    {url, account: {appId, secret, token, aesKey}, page, deeds: [[name, ...]]}
// standard output   for each deed what became of it; {"error": ...} where the library raises

const { OfficialAccount } = require("node-easywechat");
const WeChat = require("node-socialite/dist/Providers/WeChat").default;

function build({ url, account, page, stable }) {
  const app = new OfficialAccount({
    app_id: account.appId,
    secret: account.secret,
    token: account.token,
    aes_key: account.aesKey,
    use_stable_access_token: stable ?? false,
    http: { baseURL: `${url}/`, proxy: false },
    file_cache: { path: "./tokens" },
    oauth: { scopes: ["snsapi_base"], redirect_url: page },
  });
  app.setOAuthFactory(() => {
    const provider = new WeChat({
      client_id: account.appId,
      client_secret: account.secret,
      redirect: page,
    });
    // The one place where its host is written down.
    provider._baseUrl = `${url}/sns`;
    return provider.scopes(["snsapi_base"]);
  });
  return app;
}

const DEEDS = {
  token: (app) => app.getAccessToken().getToken(),
  renew: (app) => app.getAccessToken().refresh(),
  get: async (app, path, params) => (await app.getClient().get(path, { params })).toObject(),
  post: async (app, path, json) => (await app.getClient().post(path, { json })).toObject(),
  scripts: async (app, page) => ({
    ticket: await app.getTicket().getTicket(),
    config: await app.getUtils().buildJsSdkConfig(page, ["getLocation"]),
  }),
  redirect: async (app, state) => app.getOAuth().withState(state).redirect(),
  person: async (app, code) => (await app.getOAuth().userFromCode(code)).getId(),
};

async function main() {
  const question = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
  const app = build(question);
  const became = [];
  for (const [name, ...given] of question.deeds) {
    try {
      became.push(await DEEDS[name](app, ...given));
    } catch (error) {
      became.push({ error: String(error.message) });
    }
  }
  process.stdout.write(JSON.stringify(became));
}

main();
