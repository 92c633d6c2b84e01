"""What the sandbox images promise, tried inside containers of a real engine."""

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from codecraft_server.docker import images

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]  # on a new machine the images are built here

DEBIAN = "codecraft/debian:1"
BUSYBOX = "codecraft/busybox:1"
GIT_LOG = "agent@localhost HEAD -> main"


@pytest.fixture(scope="module")
def engine() -> Iterator[docker.DockerClient]:
    client = docker.from_env()
    images.ensure(client, images.recipes(), print)
    yield client
    client.close()


def _container(engine: docker.DockerClient, reference: str) -> Iterator[Container]:
    container = engine.containers.run(reference, ["sleep", "600"], detach=True, init=True, network_disabled=True)
    yield container
    container.remove(force=True)


@pytest.fixture(scope="module")
def debian(engine: docker.DockerClient) -> Iterator[Container]:
    yield from _container(engine, DEBIAN)


@pytest.fixture(scope="module")
def busybox(engine: docker.DockerClient) -> Iterator[Container]:
    yield from _container(engine, BUSYBOX)


def run(container: Container, command: str, user: str = "1000:1000") -> tuple[int, str]:
    result = container.exec_run(["sh", "-c", command], user=user)
    return result.exit_code, result.output.decode().strip()


def test_images_that_are_current_are_not_built_again(engine: docker.DockerClient) -> None:
    """A second call says nothing and leaves the images as they are."""
    before = [engine.images.get(reference).id for reference in (DEBIAN, BUSYBOX)]
    said: list[str] = []
    images.ensure(engine, images.recipes(), said.append)
    assert said == []
    assert [engine.images.get(reference).id for reference in (DEBIAN, BUSYBOX)] == before


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ("bash -c 'set -o pipefail; echo ${BASH_VERSINFO[0]}'", "5"),
        ("dash -c 'echo dash'", "dash"),
        ("python3 -c 'print(1 + 1)'", "2"),
        ("python -c 'import sys; print(sys.stdout.encoding)'", "utf-8"),
        ("python3 -m venv /tmp/venv && /tmp/venv/bin/pip --version | cut -d ' ' -f 1", "pip"),
        (
            "cd /tmp && echo 'def test_it(): assert 1' >test_it.py && pytest -q test_it.py | grep -o '1 passed'",
            "1 passed",
        ),
        (
            "git init -q /tmp/repo && cd /tmp/repo && git commit -q --allow-empty -m one && git log --format='%an <%ae> %D'",
            "agent <agent@localhost> HEAD -> main",
        ),
        ("cd /tmp && echo 'int main(void){return 7;}' >c.c && gcc c.c -o c && { ./c; echo $?; }", "7"),
        ("cd /tmp && printf 'all:\\n\\t@echo made\\n' >Makefile && make", "made"),
        ("sqlite3 :memory: 'select 6 * 7'", "42"),
        ("echo '{\"a\": [1, 2]}' | jq -c .a", "[1,2]"),
        ("echo hello >/tmp/hello && curl -s file:///tmp/hello", "hello"),
        ("ps -o comm= -p 1 | grep -c .", "1"),
        ("test -s /etc/ssl/certs/ca-certificates.crt && echo yes", "yes"),
        ("file -b --mime-type /bin/sh", "inode/symlink"),
        ("printf '%s\\n' '--- f' '+++ f' '@@ -0,0 +1 @@' '+new' >/tmp/p && cd /tmp && patch -s f p && cat f", "new"),
        ("printf abc | xxd -p", "616263"),
        ("cd /tmp && echo z >z && zip -q z.zip z && unzip -p z.zip", "z"),
        ("echo '2^70' | bc", "1180591620717411303424"),
        ('awk \'BEGIN { print PROCINFO["version"] != "" }\'', "1"),
        ("mkdir -p /tmp/tree/leaf && tree --noreport /tmp/tree | grep -o leaf", "leaf"),
        ("diff /dev/null /dev/null && echo same", "same"),
        ("printf less | less", "less"),
        ("echo $LANG", "C.UTF-8"),
        ("ls -A /var/lib/apt/lists", ""),
    ],
)
def test_the_coding_image_has_what_a_programmer_expects(debian: Container, command: str, output: str) -> None:
    """Each tool does its work as the agent, without network."""
    assert run(debian, command) == (0, output)


@pytest.mark.parametrize("image", ["debian", "busybox"])
@pytest.mark.parametrize(
    ("command", "user", "output"),
    [
        ("id -u agent; id -g agent; id -u grader; id -g grader", "0", "1000\n1000\n1001\n1001"),
        ("pwd; stat -c '%U %a' /workspace /home/agent /home/grader /tmp", "0", "/workspace\nagent 755\nagent 755\ngrader 700\nroot 1777"),
        ("echo mine >file && cat file && rm file", "1000:1000", "mine"),
        ("ls /home/grader 2>/dev/null || echo shut", "1000:1000", "shut"),
        ("touch /workspace/file 2>/dev/null || echo shut", "1001:1001", "shut"),
    ],
    ids=["users", "folders", "the agent writes its workspace", "not the grader's home", "nor the grader the workspace"],
)
def test_both_images_have_the_same_users_and_folders(
    request: pytest.FixtureRequest, image: str, command: str, user: str, output: str
) -> None:
    """The service relies on these numbers, owners and modes."""
    assert run(request.getfixturevalue(image), command, user) == (0, output)


def test_building_leaves_no_stage_behind(engine: docker.DockerClient) -> None:
    """What only served to build an image is gone, so that the operator's list of images has no nameless ones of ours."""
    assert engine.images.list(filters={"dangling": True, "label": "codecraft.stage"}) == []


def test_the_agent_has_bash(debian: Container) -> None:
    """The agent's login shell is bash, its home is its own."""
    assert run(debian, "getent passwd agent") == (0, "agent:x:1000:1000::/home/agent:/bin/bash")


def test_the_small_image_is_a_shell_and_its_applets(busybox: Container) -> None:
    """It has ash and the usual small programs, and none of the big ones."""
    assert run(busybox, "for name in sh awk sed vi; do readlink -f $(which $name); done")[1].splitlines() == ["/bin/busybox"] * 4
    assert run(busybox, "command -v python3 bash git")[0] != 0


def test_the_small_image_is_small(engine: docker.DockerClient) -> None:
    """Less than 4 MB."""
    assert engine.images.get(BUSYBOX).attrs["Size"] < 4_000_000


def test_a_tag_that_is_not_ours_is_built_over(engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An image under our name without our label is replaced by the real one, and a failing build says why."""
    recipe = images.ImageRecipe("codecraft/test-build", tmp_path / "test-build", images.recipes()["codecraft/debian"].base_script)
    recipe.context.mkdir()
    monkeypatch.setattr(images, "recipes", lambda: {recipe.name: recipe})
    archive = io.BytesIO()
    tarfile.open(fileobj=archive, mode="w").close()
    engine.api.import_image_from_data(archive.getvalue(), recipe.name, "1")
    foreign = engine.images.get(recipe.reference).id
    (recipe.context / "Dockerfile").write_text(f"FROM {BUSYBOX}\nRUN echo made >/made\n")
    try:
        images.ensure(engine, [recipe.name], print)
        output = engine.containers.run(recipe.reference, ["cat", "/made"], remove=True, network_disabled=True)
        assert output == b"made\n"
        with pytest.raises(docker.errors.ImageNotFound):
            engine.images.get(foreign)
        (recipe.context / "Dockerfile").write_text(f"FROM {BUSYBOX}\nRUN exit 9\n")
        with pytest.raises(images.ImageBuildError, match="non-zero code: 9"):
            images.ensure(engine, [recipe.name], print)
    finally:
        engine.images.remove(recipe.reference, force=True)
