/**
 * The server of a page that shows a plan: it knows who is signed in, and signs a token that says so. Node 20, no packages.
 *
 *   PLANSYNC_URL=http://localhost:4300 PLANSYNC_TOKEN_SECRET=$(cat plansync-data/token-secret) node server.mjs
 */

import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const {
  PLANSYNC_URL = "http://localhost:4300",
  PLANSYNC_TOKEN_SECRET: secret,
  PORT = "8080",
} = process.env;
if (!secret)
  throw new Error(
    "PLANSYNC_TOKEN_SECRET is missing: it is in the file token-secret of the plansync server",
  );

/** A token: who, on which plan, for which side, allowed what, for an hour. */
function planToken(person, plan) {
  const now = Math.floor(Date.now() / 1000);
  const { id, name, email, party, access } = person;
  const part = (value) =>
    Buffer.from(JSON.stringify(value)).toString("base64url");
  const body = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub: id, name, email, plan, party, access, iat: now, exp: now + 3600 })}`;
  return `${body}.${createHmac("sha256", secret).update(body).digest("base64url")}`;
}

/** Yours: the person of the session, and whether they may see this plan. */
function signedIn(_request, _plan) {
  return {
    id: "ann@crm.example",
    name: "Ann",
    email: "ann@crm.example",
    party: "seller",
    access: "editor",
  };
}

const page = readFileSync(
  new URL("index.html", import.meta.url),
  "utf8",
).replaceAll("https://plans.example.com", PLANSYNC_URL);

const server = createServer((request, response) => {
  const url = new URL(request.url, "http://here");
  if (url.pathname === "/") {
    response.setHeader("content-type", "text/html; charset=utf-8").end(page);
  } else if (url.pathname === "/plan-token") {
    const plan = url.searchParams.get("plan") ?? "";
    const person = signedIn(request, plan);
    response.statusCode = person ? 200 : 401;
    response
      .setHeader("cache-control", "no-store")
      .end(person ? planToken(person, plan) : "");
  } else {
    response.statusCode = 404;
    response.end();
  }
});
server.listen(Number(PORT), () =>
  console.log(`listening http://localhost:${server.address().port}`),
);
