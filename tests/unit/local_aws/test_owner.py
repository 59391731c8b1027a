"""Waiting for another process to end."""

import os
import select
import subprocess

import pytest

from local_aws.owner import wait_for_exit


def test_a_process_that_goes_on_is_waited_for_no_longer_than_asked() -> None:
    assert not wait_for_exit(os.getpid(), 0)


def test_a_process_that_ends_is_told_as_ended() -> None:
    with subprocess.Popen(["true"]) as process:
        assert wait_for_exit(process.pid, 60)
    assert wait_for_exit(process.pid, 0), "there is none of that id any more"


def test_so_it_is_where_the_kernel_gives_no_handle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    monkeypatch.setattr(select, "select", lambda *_: pytest.fail("there is no handle to wait for"))
    with subprocess.Popen(["true"]) as process:
        process.wait()
    assert wait_for_exit(process.pid, 60)
    assert not wait_for_exit(os.getpid(), 0)
