"""Files of users: what is read is what was written, and whatever cannot be read is refused in one line."""

from __future__ import annotations

import bz2
import csv
import gzip
import hashlib
import io
import lzma
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from comparisons import files
from comparisons.files import digest_of_file, read_file
from models.contract.bad_input import BadInput

TABLE = pd.DataFrame({"area": [1.5, 2.0, -3e-7], "rooms": [1, 2, 3], "town": ["Oslo", "x, y", "Bodø"]})
IN_PLACE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # every example rewrites its one file


def refusal(path: Path, delimiter: str = ",") -> str:
    """The one line with which a file is refused."""
    with pytest.raises(BadInput) as caught:
        read_file(path, delimiter)
    line = str(caught.value)
    assert line.isprintable(), line
    assert ": " in line, "what is wrong, and what to do"
    return line


def written(folder: Path, content: bytes | str, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def compressed(content: bytes) -> dict[str, bytes]:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return {
        "gz": gzip.compress(content),
        "bz2": bz2.compress(content),
        "xz": lzma.compress(content),
        "zst": sink.getvalue().to_pybytes(),
    }


def test_csv_is_read_with_its_types(tmp_path: Path) -> None:
    text = (
        "whole,real,text,truth,day,time,gaps\n1,1.5,a,true,2020-01-31,2020-01-31 10:00:00,1\n"
        '-2,1e3,"b, c",FALSE,2021-02-28,2021-02-28 11:30:00,NA\n'
    )
    table = read_file(written(tmp_path, text))
    kinds = {name: str(dtype) for name, dtype in table.dtypes.items()}
    assert kinds["whole"] == "int64"
    assert kinds["real"] == kinds["gaps"] == "float64"
    assert kinds["text"] == "str"
    assert kinds["truth"] == "bool"
    assert kinds["day"].startswith("datetime64")
    assert kinds["time"].startswith("datetime64")
    assert table["text"].tolist() == ["a", "b, c"]
    assert table["day"].tolist() == [pd.Timestamp("2020-01-31"), pd.Timestamp("2021-02-28")]
    assert list(table.index) == [0, 1]


@pytest.mark.parametrize("marker", files.MISSING)
def test_missing_markers_become_missing_in_every_type(tmp_path: Path, marker: str) -> None:
    text = f"n,t,b,d,all\n1,a,true,2020-01-01,{marker}\n{marker},{marker},{marker},{marker},{marker}\n"
    table = read_file(written(tmp_path, text))
    assert not table.drop(columns="all").iloc[0].isna().any()
    assert table.iloc[1].isna().all()
    assert table["all"].dtype == float
    assert table["b"].iloc[0] is True


def test_the_type_of_a_column_is_decided_from_all_rows(tmp_path: Path) -> None:
    """The Arrow reader decides from its first block of 1 MiB, unless told otherwise."""
    path = written(tmp_path, "n,m\n" + "123456,1\n" * 200_000 + "oops,1\n")
    table = read_file(path)
    assert len(table) == 200_001
    assert str(table["n"].dtype) == "str"
    assert table["n"].iloc[-1] == "oops"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_line_endings_and_byte_order_marks_do_not_matter(tmp_path: Path, ending: str, last: bool) -> None:
    text = ending.join(["a,b", "1,x", "", "2,y"]) + (ending if last else "")
    table = read_file(written(tmp_path, b"\xef\xbb\xbf" + text.encode()))
    assert table.to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz", "zst"])
def test_compressed_files_are_read_whatever_they_are_called(tmp_path: Path, suffix: str) -> None:
    content = compressed(TABLE.to_csv(index=False).encode())[suffix]
    for name in (f"table.csv.{suffix}", "table.csv"):
        pd.testing.assert_frame_equal(read_file(written(tmp_path, content, name)), TABLE)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", " ", ":"])
def test_delimiters(tmp_path: Path, delimiter: str) -> None:
    path = written(tmp_path, TABLE.to_csv(index=False, sep=delimiter))
    pd.testing.assert_frame_equal(read_file(path, delimiter), TABLE)


def test_tabs_are_expected_where_the_name_says_so(tmp_path: Path) -> None:
    text = TABLE.to_csv(index=False, sep="\t")
    pd.testing.assert_frame_equal(read_file(written(tmp_path, text, "table.tsv")), TABLE)
    pd.testing.assert_frame_equal(read_file(written(tmp_path, gzip.compress(text.encode()), "table.tsv.gz")), TABLE)
    pd.testing.assert_frame_equal(read_file(written(tmp_path, text, "table.txt"), "\\t"), TABLE)


ODD = [
    "<script>alert(1)</script>",
    "=1+2",
    'say "hi"',
    "two\nlines",
    "größe 象",
    "a,b;c\td|e",
    " spaces ",
    "`tick`",
    "a" * 200,
]


def test_names_and_texts_are_kept_as_they_are(tmp_path: Path) -> None:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([ODD, ODD, ODD])
    table = read_file(written(tmp_path, buffer.getvalue()))
    assert list(table.columns) == ODD
    assert table.iloc[1].tolist() == ODD


def test_parquet_is_read_with_plain_types_whatever_it_is_called(tmp_path: Path) -> None:
    frame = TABLE.assign(
        town=TABLE["town"].astype("category"),
        small=np.array([1, 2, 3], np.int8),
        truth=[True, False, True],
        day=pd.to_datetime(["2020-01-01", "2020-01-02", "2020-01-03"]),
    )
    for name in ("table.parquet", "table.data", "table.csv"):
        path = tmp_path / name
        frame.iloc[[2, 0, 1]].to_parquet(path)
        table = read_file(path)
        assert list(table.columns) == list(frame.columns), "row labels are no data"
        assert list(table.index) == [0, 1, 2]
        assert table["town"].tolist() == ["Bodø", "Oslo", "x, y"]
        assert str(table["town"].dtype) == "str"
        assert table["small"].tolist() == [3, 1, 2]
        assert table["day"].iloc[0] == pd.Timestamp("2020-01-03")


def test_decimals_of_parquet_are_numbers(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    pq.write_table(pa.table({"price": pa.array([1, 2], pa.decimal128(10, 2))}), path)
    assert read_file(path)["price"].dtype == float


REFUSED: dict[str, tuple[bytes | str, str]] = {
    "empty": ("", "is empty"),
    "blank": (" \n\n", "is empty"),
    "header only": ("a,b\n", "no rows"),
    "header only, no line end": ("a,b", "no rows"),
    "semicolons": ("a;b\n1;2\n", "semicolons .* --delimiter ';'"),
    "semicolons and decimal commas": ("a;b\n1,5;2,5\n", "semicolons .* --delimiter ';'"),
    "tabs": ("a\tb\n1\t2\n", r"tabs .* --delimiter '\\t'"),
    "bars": ('"a"|"b, c"\n1|2\n', r"bars .* --delimiter '\|'"),
    "Latin-1": ("grö\u00dfe,b\n1,2\n".encode("latin-1"), "not UTF-8: byte 0xf6 in line 1"),
    "Latin-1 below": (b"a,b\n1,2\n3,\xe9\n", "not UTF-8: byte 0xe9 in line 3"),
    "UTF-16": ("a,b\n1,2\n".encode("utf-16"), "UTF-16: save it as UTF-8"),
    "binary": (b"a,b\n1,\x002\n", "zero byte at position 7"),
    "too many cells": ("a,b\n1,2\n1,2,3\n", "row 2 below the header has 3 cells instead of 2: '1,2,3'"),
    "too few cells": ("a,b\n1\n", "row 1 below the header has 1 cell instead of 2"),
    "nameless column": ("a,,c\n1,2,3\n", "column 2 has no name"),
    "row numbers": (",a\n0,1\n", "column 1 has no name"),
    "same name": ("a,b,a\n1,2,3\n", "two columns are called 'a': rename one"),
    "same odd name": ('"a\n","a\n"\n1,2\n', r"two columns are called 'a\\n'"),
    "open quote": ('a,b\n1,"x\n2,y\n', "quote near line 3 is not closed"),
    "two open quotes": ('a,b\n1,"x\n2,y\n3,"z\n', "quote near line 4 is not closed"),
    "Parquet's first bytes": (b"PAR1" + b"x" * 50, "damaged Parquet"),
    "spreadsheet": (b"PK\x03\x04" + b"\0" * 50, "save the sheet as CSV"),
    "old spreadsheet": (b"\xd0\xcf\x11\xe0" + b"\0" * 50, "save the sheet as CSV"),
    "pickle": (b"\x80\x04\x95cos\nsystem\n", "UTF-8|zero byte"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_contents_that_are_refused(tmp_path: Path, case: str) -> None:
    content, pattern = REFUSED[case]
    line = refusal(written(tmp_path, content))
    assert re.search(pattern, line), line
    assert "table.csv'" in line


def test_a_quoted_header_in_one_column_is_no_wrong_delimiter(tmp_path: Path) -> None:
    table = read_file(written(tmp_path, '"price; in EUR"\n1\n2\n'))
    assert table.to_dict("list") == {"price; in EUR": [1, 2]}


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "\n", "é", "a", "."])
def test_delimiters_that_cannot_separate_cells(tmp_path: Path, delimiter: str) -> None:
    assert "--delimiter" in refusal(written(tmp_path, "a,b\n1,2\n"), delimiter)


def test_places_that_hold_no_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "there is no file" in refusal(tmp_path / "no\nsuch.csv")
    assert "is a folder" in refusal(tmp_path)
    os.mkfifo(tmp_path / "pipe.csv")
    assert "no ordinary file" in refusal(tmp_path / "pipe.csv")
    assert "cannot be opened" in refusal(tmp_path / ("x" * 5000))
    assert "cannot be opened" in refusal(Path("a\0b"))
    written(tmp_path, "a\n1\n", "sheet.xlsx")
    assert "save the sheet as CSV" in refusal(tmp_path / "sheet.xlsx")
    written(tmp_path, "a\n1\n", "table.csv.gz")
    assert "does not hold what its ending .gz says" in refusal(tmp_path / "table.csv.gz")

    def locked(self: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", locked)
    assert "change its permissions" in refusal(tmp_path / "sheet.xlsx")
    with pytest.raises(BadInput, match="change its permissions"):
        digest_of_file(tmp_path / "sheet.xlsx")


def test_a_file_that_unpacks_to_more_than_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST", 2**21)
    packed = gzip.compress(b"a\n" + b"1\n" * 2**21)
    assert len(packed) < 2**16
    assert "is larger than" in refusal(written(tmp_path, packed))


def test_digests_are_those_of_the_bytes(tmp_path: Path) -> None:
    content = bytes(range(256)) * 10_000
    assert digest_of_file(written(tmp_path, content)) == hashlib.sha256(content).hexdigest()
    with pytest.raises(BadInput, match="no file"):
        digest_of_file(tmp_path / "missing")


def readable(path: Path) -> pd.DataFrame | None:
    """Whatever a file holds, it is a table or refused in one line."""
    try:
        table = read_file(path)
    except BadInput:
        refusal(path)
        return None
    assert len(table) > 0
    assert table.columns.is_unique
    assert all(isinstance(name, str) and name.strip() for name in table.columns)
    return table


@given(content=st.binary(max_size=60))
@example(content=b"\x1f\x8b")
@example(content=b'"\n"')
@example(content=b"\xef\xbb\xbf")
@example(content=b"\xef\xbb\xbf\n\n")
@IN_PLACE
def test_arbitrary_bytes_are_a_table_or_refused(tmp_path: Path, content: bytes) -> None:
    readable(written(tmp_path, content))


@given(content=st.text(alphabet='ab1,;\t|"\n\r .-eN/Aé', max_size=40))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_arbitrary_text_is_a_table_or_refused(tmp_path: Path, content: str) -> None:
    readable(written(tmp_path, content))


@pytest.mark.parametrize("kind", ["csv", "gz", "bz2", "xz", "zst", "parquet"])
def test_truncated_files_are_refused_or_shorter(tmp_path: Path, kind: str) -> None:
    """A compressed or Parquet file that is cut anywhere is refused; a CSV file cannot know."""
    content = TABLE.to_csv(index=False).encode()
    whole = {"csv": content, "parquet": TABLE.to_parquet(None) or b"", **compressed(content)}[kind]
    for size in range(0, len(whole), max(1, len(whole) // 60)):
        table = readable(written(tmp_path, whole[:size], f"table.{kind}"))
        assert table is None or kind == "csv"


@given(data=st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_bytes_are_a_table_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    content = TABLE.to_csv(index=False).encode()
    whole = bytearray(data.draw(st.sampled_from([TABLE.to_parquet(None) or b"", *compressed(content).values()])))
    for at in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=3)):
        whole[at] = data.draw(st.integers(0, 255))
    readable(written(tmp_path, bytes(whole)))


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), min_size=1, max_size=8).filter(
    lambda name: name.strip()
)
CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8)


@given(names=st.lists(NAMES, min_size=2, max_size=4, unique=True), data=st.data())
@IN_PLACE
def test_what_the_csv_module_writes_is_read_back(tmp_path: Path, names: list[str], data: st.DataObject) -> None:
    """Texts with a letter in front, so that they stay texts."""
    rows = [["a" + data.draw(CELLS) for _ in names] for _ in range(3)]
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows([names, *rows])
    table = read_file(written(tmp_path, buffer.getvalue()))
    assert list(table.columns) == names
    assert table.to_numpy().tolist() == rows
