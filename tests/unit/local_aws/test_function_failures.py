import traceback

import pytest

from local_aws.functions.failures import error_type


class OfThisModuleError(Exception):
    pass


@pytest.mark.parametrize(
    "raised",
    [
        ValueError("no"),
        ValueError(),
        ValueError("KeyError: of\nseveral\nlines: of text"),
        ValueError("with an end\n"),
        KeyError("key"),
        OfThisModuleError("no"),
        OSError(2, "No such file"),
    ],
)
def test_what_a_handler_raised_is_named_by_its_class(raised: Exception) -> None:
    raised.__cause__ = RuntimeError("its cause")
    trace = "".join(traceback.format_exception(raised))
    answer = {"status": "error", "error": str(raised), "trace": trace}

    assert error_type(answer) == type(raised).__name__


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Task timed out after 3.00 seconds", "Sandbox.Timedout"),
        ("Worker process died", "Runtime.ExitError"),
        ("[Errno 32] Broken pipe", "Runtime.ExitError"),
    ],
)
def test_a_process_that_gave_no_answer_timed_out_or_exited(message: str, kind: str) -> None:
    assert error_type({"status": "error", "error": message}) == kind
