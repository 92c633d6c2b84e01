"""The contract between `codecraft_server` and its clients, generated from the .proto files beside it."""
