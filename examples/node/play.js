// Plays task 1 of a codecraft server: Reset, two Steps (one streams), Submit, Close. Exit status 0 only for reward 1.
//
//   node play.js [--target HOST:PORT] (--proto DIRECTORY | --reflection)
//
// Where the server has a token, CODECRAFT_TOKEN is it.
'use strict';

const { parseArgs } = require('node:util');
const { randomUUID } = require('node:crypto');
const grpc = require('@grpc/grpc-js');
const schema = require('./schema');

const SECOND = 1000;

/** A client of the service, whose methods return async iterators of events. */
class Environment {
  constructor(definition, target, credentials, token) {
    const Service = grpc.makeGenericClientConstructor(definition, 'EnvironmentService');
    this.client = new Service(target, credentials);
    this.metadata = new grpc.Metadata();
    if (token) this.metadata.set('authorization', `Bearer ${token}`);
  }

  /** A call that is answered by a stream. Every call has a deadline: of the transport, not of the command. */
  stream(method, request, seconds) {
    return this.client[method](request, this.metadata, { deadline: Date.now() + seconds * SECOND });
  }

  /** A call that is answered once. */
  ask(method, request, seconds) {
    return new Promise((resolve, reject) => {
      const done = (error, response) => (error ? reject(error) : resolve(response));
      this.client[method](request, this.metadata, { deadline: Date.now() + seconds * SECOND }, done);
    });
  }

  /** Close the channel. gRPC names `close` after the service's Close, too, so its own is taken from the base class. */
  close() {
    grpc.Client.prototype.close.call(this.client);
  }
}

/** Show the events of a stream as they come and return the terminal one, which is always the last. */
async function follow(events, terminal, show) {
  let result;
  for await (const message of events) {
    if (message.event === terminal) result = message[terminal];
    else if (message.event) show(message.event, message[message.event]);
  }
  if (!result) throw new Error(`the stream ended without a ${terminal}`);
  return result;
}

/** A function that shows events with the seconds since now; events of later versions are passed over. */
function shower() {
  const began = Date.now();
  return (kind, event) => {
    const at = `${((Date.now() - began) / SECOND).toFixed(1).padStart(5)} s`;
    if (kind === 'output') process.stdout.write(`${at}  ${event.data.toString('utf8')}`);
    else if (kind === 'progress') console.log(`${at}  ${event.stage}`);
    else if (kind === 'phase') console.log(`${at}  grading: ${event.phase}`);
    else if (kind === 'check') console.log(`${at}  ${event.passed ? 'passed' : 'failed'}: ${event.title}`);
  };
}

async function play(environment) {
  const opening = environment.stream('Reset', { request_id: randomUUID(), task_id: '1' }, 1800);
  const ready = await follow(opening, 'ready', shower());
  console.log(ready.observation.message);
  const episode = { episode_id: ready.episode_id, episode_token: ready.episode_token };
  try {
    const actions = [
      { write_file: { path: Buffer.from('hello.py'), content: Buffer.from('print("Hello, World!")\n') } },
      { run_command: { command: Buffer.from('for n in 1 2 3; do python3 hello.py; sleep 0.5; done') } },
    ];
    for (const [step_index, action] of actions.entries()) {
      const step = environment.stream('Step', { ...episode, step_index, action, stream_output: true }, 120);
      const result = await follow(step, 'result', shower());
      console.log(`step ${result.step_index}: ${result.observation.message || result.observation.command_end.reason}`);
    }
    const result = await follow(environment.stream('Submit', episode, 300), 'result', shower());
    return result.reward.valid ? result.reward.value : undefined;
  } finally {
    await environment.ask('Close', episode, 20);
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      target: { type: 'string', default: '127.0.0.1:50051' },
      proto: { type: 'string', default: '../../protos' },
      reflection: { type: 'boolean', default: false },
    },
  });
  const credentials = grpc.credentials.createInsecure();
  const definition = values.reflection ? await schema.fromServer(values.target, credentials) : await schema.fromFiles(values.proto);
  const environment = new Environment(definition, values.target, credentials, process.env.CODECRAFT_TOKEN);
  try {
    const reward = await play(environment);
    console.log(`reward ${reward ?? 'none: the service failed'}`);
    process.exitCode = reward === 1 ? 0 : 1;
  } finally {
    environment.close();
  }
}

main().catch((error) => {
  console.error(`play.js: ${error.message}`);
  process.exitCode = 1;
});
