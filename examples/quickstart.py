"""Task 1 in ten lines, against the server that `make serve` starts."""

from codecraft_client import Client, Output

with Client("127.0.0.1:50051") as client, client.reset("1") as episode:
    print(episode.task.description)
    episode.write_file("hello.py", 'print("Hello, World!")\n')
    for event in episode.run("python3 hello.py"):
        if isinstance(event, Output):
            print(event.data.decode(), end="")
    result = episode.submit()
    print("reward", result.reward.value)
