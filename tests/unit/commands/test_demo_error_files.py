"""What `make demo` does with an error CSV that was corrected where it wrote it."""

from pathlib import Path

from commands.demo import set_aside


def test_a_corrected_error_csv_is_kept_under_a_name_of_its_own_each_time(tmp_path: Path) -> None:
    errors = tmp_path / "rejects.csv"
    kept = []
    for text in ("first", "second"):
        errors.write_text(text)
        kept.append(set_aside(errors))
        assert not errors.exists()

    assert [path.name for path in kept] == ["corrected-1.csv", "corrected-2.csv"]
    assert [path.read_text() for path in kept] == ["first", "second"]
