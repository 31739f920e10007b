// What a program on the official @anthropic-ai/sdk sees, as JSON: `node sdk_client.cjs NODE_MODULES URL MODEL`.
const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { join } = require("node:path");

const [folder, baseURL, model] = process.argv.slice(2);
const load = createRequire(join(folder, "any.js"));
const { Anthropic } = load("@anthropic-ai/sdk");

const schema = { type: "object", properties: { file_path: { type: "string" } }, required: ["file_path"] };
const request = {
  model,
  max_tokens: 4000,
  thinking: { type: "enabled", budget_tokens: 2000 },
  tools: [{ name: "Read", description: "Reads a file.", input_schema: schema }],
  messages: [{ role: "user", content: "Read the notes" }],
};

async function main() {
  const client = new Anthropic({ baseURL, apiKey: "dummy", maxRetries: 0, timeout: 20000 });
  const stream = client.messages.stream(request);
  const events = [];
  stream.on("streamEvent", (event) => events.push(event.type));
  const streamed = await stream.finalMessage();
  const whole = await client.messages.create(request);
  const refusal = await client.messages.create({ ...request, model: "nosuch/model" }).then(
    (message) => message.type,
    (error) => [error.constructor.name, error.status, error.requestID],
  );
  const counted = await client.messages.countTokens({ model, messages: request.messages });
  const { version } = JSON.parse(readFileSync(join(folder, "@anthropic-ai/sdk/package.json")));
  console.log(JSON.stringify({ version, events, streamed, whole, refusal, tokens: counted.input_tokens }));
}

main();
