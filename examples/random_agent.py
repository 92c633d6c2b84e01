"""A random agent in Gymnasium: draws one of a few actions until its episode ends. CODECRAFT_TARGET names the server."""

import gymnasium

from codecraft_client.gym import ENV_ID, Candidates

CANDIDATES = [
    "ls -la",
    "python3 hello.py",
    {"action": "write_file", "path": "hello.py", "content": 'print("Hello, World!")\n'},
    {"action": "write_file", "path": "hello.py", "content": 'print("Hello, world!")\n'},
    {"action": "read_file", "path": "hello.py"},
    {"action": "submit"},
]

env = Candidates(gymnasium.make(ENV_ID, task="1"), CANDIDATES)
env.action_space.seed(6)  # a lucky one: by chance about one episode in three passes
for number in range(5):
    observation, info = env.reset(seed=number)
    total, steps, over = 0.0, 0, False
    while not over:
        observation, reward, terminated, truncated, info = env.step(env.action_space.sample())
        total, steps, over = total + float(reward), steps + 1, terminated or truncated
    print(f"episode {number}: {info['outcome']} after {steps} steps, return {total:g}")
env.close()
