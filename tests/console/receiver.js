// A subscriber that takes webhooks, or refuses them when told to.

import { createServer } from "node:http";

export async function receiver() {
  const taken = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => (body += part));
    request.on("end", () => {
      if (one.status < 300) taken.push(JSON.parse(body));
      response.writeHead(one.status, { "content-type": "text/html" }).end(one.answer);
    });
  });
  const one = { status: 200, answer: "taken", taken, url: "", stop: () => new Promise((done) => (server.closeAllConnections(), server.close(done))) };
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  one.url = `http://127.0.0.1:${server.address().port}/hook`;
  return one;
}
