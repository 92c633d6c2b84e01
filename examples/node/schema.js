// Two ways to the schema: the .proto files, or the server itself.
'use strict';

const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const { FileDescriptorProto, FileDescriptorSet } = require('protobufjs/ext/descriptor');

// Offsets and sizes are int64 in the schema; as numbers they are exact up to 2^53.
const OPTIONS = { keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true };
const SERVICE = 'codecraft.v1.EnvironmentService';

/** The service as in the .proto files under `directory`. */
async function fromFiles(directory) {
  const definition = await loader.load('codecraft/v1/environment.proto', { ...OPTIONS, includeDirs: [path.resolve(directory)] });
  return definition[SERVICE];
}

/** The service as the server at `target` describes it. */
async function fromServer(target, credentials) {
  const definition = await loader.load(path.join(__dirname, 'reflection.proto'), OPTIONS);
  const Reflection = grpc.makeGenericClientConstructor(definition['grpc.reflection.v1alpha.ServerReflection'], 'ServerReflection');
  const client = new Reflection(target, credentials);
  try {
    const files = await describedFiles(client);
    const set = FileDescriptorSet.encode(FileDescriptorSet.create({ file: [...files.values()] })).finish();
    return loader.loadFileDescriptorSetFromBuffer(Buffer.from(set), OPTIONS)[SERVICE];
  } finally {
    client.close();
  }
}

/** The file of the service and all that it imports, by name. A server may send them together or wait to be asked for each. */
async function describedFiles(client) {
  const files = new Map();
  const wanted = [{ file_containing_symbol: SERVICE }];
  while (wanted.length > 0) {
    for (const file of await ask(client, wanted.pop())) files.set(file.name, file);
    const missing = [...files.values()].flatMap((file) => file.dependency).find((name) => !files.has(name));
    if (missing !== undefined && wanted.length === 0) wanted.push({ file_by_filename: missing });
  }
  return files;
}

function ask(client, question) {
  return new Promise((resolve, reject) => {
    const call = client.ServerReflectionInfo({ deadline: Date.now() + 10_000 });
    call.on('error', reject);
    call.on('data', (answer) => {
      const failed = answer.error_response;
      if (failed) reject(new Error(`the server does not describe ${JSON.stringify(question)}: ${failed.error_message}`));
      else resolve(answer.file_descriptor_response.file_descriptor_proto.map((bytes) => FileDescriptorProto.decode(bytes)));
      call.end();
    });
    call.write(question);
  });
}

module.exports = { fromFiles, fromServer };
