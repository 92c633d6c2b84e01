set -e
export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.org GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.org
at() { GIT_AUTHOR_DATE="$1 +0000" GIT_COMMITTER_DATE="$1 +0000"; export GIT_AUTHOR_DATE GIT_COMMITTER_DATE; }
git init -q -b main parser && cd parser
cat > /tmp/make.py <<'END'
import random
rnd = random.Random(1848)
words = "Tidy Rename Explain Shorten Reorder Document Simplify Clean".split()
things = "helpers loops names comments imports blanks messages limits".split()
GOOD = "    return text.strip().split(sep)"
BAD = "    return text.split(sep)"
version = {}
def module(number, cut, notes):
    head = "def cut(text, sep=';'):\n" + ("    # one line of a table\n" if number > 20 else "") + cut + "\n\n\n"
    tail = "def numbers(text):\n    return [int(part) for part in cut(text, ';') if part]\n\n\ndef total(text):\n    return sum(numbers(text))\n\n\ndef widest(text):\n    return max(map(len, cut(text)), default=0)\n"
    return head + tail + "".join(f"# {note}\n" for note in notes)
notes = []
for number in range(1, 121):
    cut = GOOD if number < 77 else BAD
    if number >= 90:
        cut = cut.replace("return text", "parts = text") + "\n    return parts"
    if rnd.random() < .5:
        notes = (notes + [f"{rnd.choice(things)} {number}"])[-5:]
    with open("table.py", "w") as file:
        file.write(module(number, cut, notes))
    with open("CHANGES", "a") as file:
        file.write(f"{number}\n")
    subject = f"{rnd.choice(words)} {rnd.choice(things)}"
    print(f"at {1700000000 + 600 * number} && printf '%s\\n' {number} >> CHANGES && true")
    import os, subprocess
    env = dict(os.environ, GIT_AUTHOR_DATE=f"{1700000000 + 600 * number} +0000", GIT_COMMITTER_DATE=f"{1700000000 + 600 * number} +0000")
    subprocess.run(["git", "add", "."], check=True)
    subprocess.run(["git", "commit", "-q", "-m", subject], check=True, env=env)
    if number == 3:
        subprocess.run(["git", "tag", "v1.0"], check=True)
END
python3 /tmp/make.py > /dev/null
rm /tmp/make.py
