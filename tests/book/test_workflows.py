"""What runs only on GitHub, checked for form: actions and their versions, permissions, schedules, shell, paths and targets."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from .conftest import ROOT

# Newest major versions, looked up in November 2026 in the actions' own repositories and release notes.
ACTIONS = {
    "actions/cache": "v5",
    "actions/checkout": "v7",
    "actions/configure-pages": "v6",
    "actions/deploy-pages": "v5",
    "actions/download-artifact": "v8",
    "actions/setup-python": "v7",
    "actions/upload-artifact": "v7",
    "actions/upload-pages-artifact": "v5",
}
PERMISSIONS = {"actions", "contents", "id-token", "issues", "pages"}
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def load(path):
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["on"] = document.pop(True)  # YAML 1.1 reads the word "on" so
    return document


WORKFLOWS = {path.stem: load(path) for path in FILES}
JOBS = [pytest.param(name, job, id=f"{name}-{key}") for name, flow in WORKFLOWS.items() for key, job in flow["jobs"].items()]
STEPS = [pytest.param(flow, job, step, id=f"{name}-{key}-{number}") for name, flow in WORKFLOWS.items()
         for key, job in flow["jobs"].items() for number, step in enumerate(job["steps"])]
SCRIPTS = [case for case in STEPS if "run" in case.values[2]]


def plain(script):
    """A `run` block as the runner's shell sees it: expressions are filled in before."""
    return re.sub(r"\$\{\{.*?\}\}", "value", script)


def test_the_three_workflows_are_there():
    assert set(WORKFLOWS) == {"test", "publish", "colab"}
    assert set(WORKFLOWS["test"]["on"]) == {"pull_request", "push"} and WORKFLOWS["test"]["on"]["push"] == {"branches": ["main"]}
    assert WORKFLOWS["publish"]["on"]["push"] == WORKFLOWS["colab"]["on"]["push"] == {"tags": ["v*"]}
    branch = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]["branch"]
    assert WORKFLOWS["test"]["on"]["push"]["branches"] == [branch]


@pytest.mark.parametrize("name, job", JOBS)
def test_permissions_are_declared_and_small(name, job):
    top, own = WORKFLOWS[name]["permissions"], job.get("permissions", {})
    assert top in ({}, {"contents": "read"}) and (top or own), "nothing by default, and each job says what it needs"
    assert set(own) <= PERMISSIONS and set(own.values()) <= {"read", "write"}
    # whoever may write never runs code from a package index
    if "write" in own.values():
        assert not re.search(r"\bpip\b|\bmake\b|\.venv", "\n".join(step.get("run", "") for step in job["steps"]))


@pytest.mark.parametrize("name, job", JOBS)
def test_jobs_end_and_depend_on_jobs_that_exist(name, job):
    needs = job.get("needs", [])
    assert set([needs] if isinstance(needs, str) else needs) <= set(WORKFLOWS[name]["jobs"])
    installs = any("pip" in step.get("run", "") or "make" in step.get("run", "") or "docker" in step.get("run", "")
                   for step in job["steps"])
    assert job.get("timeout-minutes", 0) >= 30 or not installs
    assert job["runs-on"] == "ubuntu-latest"


@pytest.mark.parametrize("flow, job, step", STEPS)
def test_actions_are_known_and_pinned(flow, job, step):
    assert ("uses" in step) != ("run" in step)
    if "uses" in step:
        action, _, version = step["uses"].partition("@")
        assert ACTIONS[action] == version


def test_every_action_of_the_table_is_used():
    used = {case.values[2]["uses"].partition("@")[0] for case in STEPS if "uses" in case.values[2]}
    assert used == set(ACTIONS)


def test_references_between_steps_and_jobs_exist():
    for name, flow in WORKFLOWS.items():
        text = (ROOT / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8")
        steps = {step["id"] for job in flow["jobs"].values() for step in job["steps"] if "id" in step}
        outputs = {key: set(job.get("outputs", {})) for key, job in flow["jobs"].items()}
        assert set(re.findall(r"steps\.([\w-]+)\.outputs", text)) == steps
        assert all(output in outputs[job] for job, output in re.findall(r"needs\.([\w-]+)\.outputs\.([\w-]+)", text))
        assert set(re.findall(r"inputs\.(\w+)", text)) <= set((flow["on"].get("workflow_dispatch") or {}).get("inputs", {}))
        for job, kind in re.findall(r"needs\.([\w-]+)\.(result|outputs)", text):
            assert job in flow["jobs"], kind
    dispatched = re.findall(r"gh workflow run (\S+)", "\n".join(plain(case.values[2]["run"]) for case in SCRIPTS))
    assert dispatched and all((ROOT / ".github" / "workflows" / name).is_file() for name in dispatched)


def test_artifacts_that_are_fetched_were_kept():
    for flow in WORKFLOWS.values():
        steps = [step for job in flow["jobs"].values() for step in job["steps"]]
        names = {kind: {step["with"]["name"] for step in steps if kind in step.get("uses", "")}
                 for kind in ("/upload-artifact@", "/download-artifact@")}
        assert names["/download-artifact@"] <= names["/upload-artifact@"]


def test_schedules_are_valid():
    entries = [entry["cron"] for flow in WORKFLOWS.values() for entry in flow["on"].get("schedule", [])]
    assert len(entries) == 1
    for cron in entries:
        fields = cron.split()
        limits = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
        assert len(fields) == 5
        assert all(field == "*" or low <= int(field) <= high for field, (low, high) in zip(fields, limits, strict=True))
        assert fields[2:4] == ["*", "*"] and fields[4] != "*", "once a week"
        assert fields[0] not in ("0", "30"), "on the hour everybody runs"


@pytest.mark.parametrize("flow, job, step", SCRIPTS)
def test_shell_is_sound(flow, job, step, tmp_path):
    assert flow["defaults"]["run"]["shell"] == "bash", "with pipefail"
    script = tmp_path / "step.sh"
    script.write_text("#!/usr/bin/env bash\nset -eo pipefail\n" + plain(step["run"]))
    done = subprocess.run(["bash", "-n", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "${{" not in step["run"], "values from outside come through the environment, never into the text of a script"
    if shutil.which("shellcheck"):
        done = subprocess.run(["shellcheck", script], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("flow, job, step", SCRIPTS)
def test_scripts_name_what_exists(flow, job, step):
    script = plain(step["run"])
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("$(READY)", ".venv/.ready")
    for target in re.findall(r"^\s*make (\S+)", script, flags=re.M):
        assert re.search(rf"^{re.escape(target)}:", makefile, flags=re.M), target
    if "make .venv/.ready" in script:
        assert "READY := .venv/.ready" in makefile
    for path in re.findall(r"(?:/book/)?(book/_ext/\w+\.py|\.ci/\w+|tests/\w+)", script):
        assert (ROOT / path).exists(), path
        assert not path.startswith(".ci/") or os.access(ROOT / path, os.X_OK)
    for module in re.findall(r"python3? -m (\w+)", script):
        assert module in {"pip", "pytest"} or (ROOT / module / "__main__.py").is_file(), module
    for pattern in re.findall(r"for notebook in (\S+);", script):
        assert list(ROOT.glob(pattern))
    used = set(re.findall(r"\$\{?([A-Z][A-Z_]+)", script))
    given = {*flow.get("env", {}), *job.get("env", {}), *step.get("env", {})}
    written = set(re.findall(r'echo "(\w+)=', "\n".join(one.get("run", "") for one in job["steps"])))
    assert used <= given | written | {"HOME", "PWD"} | {name for name in used if name.startswith(("GITHUB_", "RUNNER_"))}


def test_data_sets_are_those_that_the_tests_want():
    wanted = re.search(r"unpack \"\$STGCN_DATA\" (.*)", (ROOT / ".ci" / "run").read_text(encoding="utf-8")).group(1).split()
    lists = [names.split() for case in SCRIPTS for names in re.findall(r"stgcn_lib download ([\w ]+)", case.values[2]["run"])]
    assert len(lists) == 2 and wanted in lists  # the tests read all of them, the published pages show some
    assert all(set(names) <= set(wanted) for names in lists)


# ---- steps that can run here: against local repositories, and with a `gh` that only takes notes --------------------------

def step_named(workflow, job, name):
    return next(step for step in WORKFLOWS[workflow]["jobs"][job]["steps"] if step.get("name") == name)["run"]


def bash(script, cwd, **environ):
    """Run a step as the runner does: bash -eo pipefail, in `cwd`, with nothing of this environment but the path."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(cwd), "GIT_CONFIG_NOSYSTEM": "1"} | {k: str(v) for k, v in environ.items()}
    return subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script], cwd=cwd, env=environ,
                          capture_output=True, text=True)


def git(cwd, *arguments):
    done = subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def clone(tmp_path):
    """A bare repository, and a checkout of it as `actions/checkout` leaves one with fetch-depth 0."""
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "origin.git")
    git(tmp_path, "clone", "-q", "origin.git", "work")
    work = tmp_path / "work"
    (work / "book").mkdir()
    (work / "book" / "a.txt").write_text("1")
    git(work, "checkout", "-q", "-B", "main")
    git(work, "add", "-A")
    git(work, "commit", "-qm", "first")
    git(work, "push", "-q", "origin", "main")
    (tmp_path / "runner" / "colab").mkdir(parents=True)
    for name in ("env", "output"):
        (tmp_path / "runner" / name).touch()
    return work


def runner(clone, **more):
    folder = clone.parent / "runner"
    return {"RUNNER_TEMP": folder, "GITHUB_ENV": folder / "env", "GITHUB_OUTPUT": folder / "output", "BRANCH": "main",
            "GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "main"} | more


def told(clone, name):
    return dict(line.split("=", 1) for line in (clone.parent / "runner" / name).read_text().splitlines())


def test_a_tag_is_published_by_its_name_and_a_branch_by_its_commit(clone):
    script = step_named("publish", "build", "What is published, and where")
    assert bash(script, clone, **runner(clone)).returncode == 0
    assert told(clone, "env")["STGCN_REF"] == git(clone, "rev-parse", "HEAD")
    for tag in ("v1.0", "v1.1", "draft"):
        git(clone, "tag", tag)
    assert bash(script, clone, **runner(clone)).returncode == 0
    assert told(clone, "env")["STGCN_REF"] == "v1.1"
    assert not (clone / "book" / "verified.json").exists()


def test_an_old_tag_is_published_with_the_dates_of_today(clone):
    git(clone, "tag", "v1.0")
    (clone / "book" / "verified.json").write_text("{}\n")
    git(clone, "add", "-A")
    git(clone, "commit", "-qm", "dates")
    git(clone, "push", "-q", "origin", "main")
    git(clone, "checkout", "-q", "v1.0")
    assert bash(step_named("publish", "build", "What is published, and where"), clone, **runner(clone)).returncode == 0
    assert (clone / "book" / "verified.json").read_text() == "{}\n" and told(clone, "env")["STGCN_REF"] == "v1.0"


def test_the_branch_for_colab_is_replaced(clone):
    script, folder = step_named("publish", "notebooks", "Replace the branch"), clone.parent / "notebooks"
    for ref in ("v1.0", "v2.0"):
        folder.mkdir()
        (folder / "published").write_text(f"{ref}\n")
        (folder / f"{ref}.ipynb").write_text("{}")
        rewrite = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.{clone.parent / 'origin.git'}.insteadOf",
                   "GIT_CONFIG_VALUE_0": "https://x-access-token:secret@github.com/ada/course"}
        done = bash(script, folder, GH_TOKEN="secret", GITHUB_REPOSITORY="ada/course", **rewrite)
        assert done.returncode == 0, done.stderr
        shutil.rmtree(folder)
    git(clone, "fetch", "-q")
    assert git(clone, "ls-tree", "--name-only", "origin/notebooks").split() == ["published", "v2.0.ipynb"]
    assert git(clone, "log", "--format=%s", "origin/notebooks") == "Notebooks of v2.0"


@pytest.mark.parametrize("state, expected", [("nothing", ""), ("published", "v1.0"), ("tag", "v2.0")])
def test_colab_runs_what_readers_have(clone, state, expected):
    git(clone, "tag", "v1.0")
    first = git(clone, "rev-parse", "HEAD")
    if state != "nothing":
        git(clone, "checkout", "-q", "--orphan", "notebooks")
        (clone / "published").write_text("v1.0\n")
        git(clone, "add", "-A")
        git(clone, "commit", "-qm", "notebooks")
        git(clone, "push", "-q", "origin", "notebooks")
        git(clone, "checkout", "-q", "main")
    git(clone, "commit", "-q", "--allow-empty", "-m", "second")
    git(clone, "tag", "v2.0")
    second = git(clone, "rev-parse", "HEAD")
    ref = {"GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v2.0"} if state == "tag" else {}
    done = bash(step_named("colab", "run", "Take what readers have"), clone, **runner(clone, **ref))
    assert done.returncode == 0, done.stderr
    assert told(clone, "output")["published"] == expected
    assert told(clone, "env")["STGCN_REF"] == git(clone, "rev-parse", "HEAD") == (first if state == "published" else second)


def test_every_chapter_gets_a_container_and_one_failure_fails_all(clone):
    for name in ("01-a", "02-b", "03-c"):
        (clone / "book" / "part1-x").mkdir(exist_ok=True)
        (clone / "book" / "part1-x" / f"{name}.ipynb").touch()
    tools = clone.parent / "tools"
    tools.mkdir()
    (tools / "docker").write_text('#!/bin/sh\necho "$@" >> "$NOTES"\ncase "$*" in *inspect*) echo image@sha256:9;;'
                                  ' *02-b*) echo "FAILED 02-b"; exit 1;; run*) echo passed;; esac\n')
    (tools / "docker").chmod(0o755)
    notes = clone.parent / "notes"
    more = {"NOTES": notes, "IMAGE": "image:latest", "GITHUB_REPOSITORY": "ada/course", "STGCN_REF": "v1.0",
            "PATH": f"{tools}:{os.environ['PATH']}"}
    done = bash(step_named("colab", "run", "Run each chapter in a container of its own"), clone, **runner(clone, **more))
    assert done.returncode == 1
    runs = [line for line in notes.read_text().splitlines() if line.startswith("run ")]
    assert [re.search(r"run /book/book/part1-x/(\S+)\.ipynb --image image@sha256:9", line).group(1) for line in runs] == [
        "01-a", "02-b", "03-c"]
    assert all("--env STGCN_REPOSITORY=ada/course --env STGCN_REF image:latest /book/book/_ext/colab.py" in line for line in runs)
    log = (clone.parent / "runner" / "colab" / "log.txt").read_text()
    assert log.split("\n")[:3] == ["passed", "FAILED 02-b", "passed"]


GH = """#!/bin/sh
echo "$@" >> "$NOTES"
case "$*" in
  "repo view"*) echo "$ISSUES";;
  "issue list"*) echo "$OPEN";;
esac
while [ $# -gt 0 ]; do if [ "$1" = --body-file ]; then cat "$2" > "$NOTES.body"; fi; shift; done
"""


@pytest.mark.parametrize("result, number, issues, expected", [
    ("success", "", "true", None), ("success", "7", "true", "issue close 7 --comment Every chapter runs again: https://run/1"),
    ("failure", "", "true", "issue create --title A chapter fails on Colab's image --body-file"),
    ("failure", "7", "true", "issue comment 7 --body-file"), ("failure", "", "false", None)])
def test_there_is_one_report_at_most(clone, result, number, issues, expected):
    tools, notes = clone.parent / "tools", clone.parent / "notes"
    tools.mkdir()
    (tools / "gh").write_text(GH)
    (tools / "gh").chmod(0o755)
    (clone.parent / "runner" / "colab" / "log.txt").write_text("FAILED 02-b\n")
    more = {"NOTES": notes, "OPEN": number, "ISSUES": issues, "RESULT": result, "RUN": "https://run/1", "GH_REPO": "ada/course",
            "TITLE": WORKFLOWS["colab"]["env"]["TITLE"], "PATH": f"{tools}:{os.environ['PATH']}"}
    done = bash(step_named("colab", "record", "Open, continue or close the one issue"), clone, **runner(clone, **more))
    assert done.returncode == 0, done.stderr
    changes = [line for line in notes.read_text().splitlines() if not line.startswith(("repo view", "issue list"))]
    assert len(changes) == (expected is not None) and (not changes or changes[0].startswith(expected))
    if expected and "body-file" in expected:
        body = Path(f"{notes}.body").read_text()
        assert "https://run/1" in body and "FAILED 02-b" in body


def test_new_dates_are_committed_and_pushed_and_old_ones_are_not(clone):
    script = step_named("colab", "record", "Remember the dates")
    assert bash(script, clone, **runner(clone)).returncode == 0 and told(clone, "output") == {}
    (clone.parent / "runner" / "colab" / "verified.json").write_text("{}\n")
    for _ in range(2):
        done = bash(script, clone, **runner(clone))
        assert done.returncode == 0, done.stderr
    assert (clone.parent / "runner" / "output").read_text() == "changed=true\n", "once"
    origin = clone.parent / "origin.git"
    assert git(origin, "log", "--format=%s", "main").splitlines() == ["Chapters verified on Colab's image", "first"]
    assert git(origin, "show", "main:book/verified.json") == "{}"


# ---- the other files that only GitHub and editors read ---------------------------------------------------------------

def test_the_development_container_does_what_the_readme_says():
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert container["image"] == "mcr.microsoft.com/devcontainers/python:3.11"
    assert all(command in readme for command in container["postCreateCommand"].split(" && "))
    assert container["forwardPorts"] == [8000] and len(container["customizations"]["vscode"]["extensions"]) <= 3


def test_the_form_for_errata_is_complete():
    forms = list((ROOT / ".github" / "ISSUE_TEMPLATE").iterdir())
    assert [path.name for path in forms] == ["erratum.yml"]
    form = yaml.safe_load(forms[0].read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= set(form)
    ids = [field["id"] for field in form["body"]]
    assert len(set(ids)) == len(ids) == 3
    assert all(field["type"] in {"input", "textarea"} and field["attributes"]["label"] for field in form["body"])
