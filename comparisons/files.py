"""Tables from files: CSV and Parquet, read to the end or refused in one line."""

from __future__ import annotations

import bz2
import csv
import gzip
import hashlib
import io
import lzma
import re
import stat
import zlib
from collections.abc import Callable
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.contract.bad_input import BadInput
from models.contract.columns import shown

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

MISSING = ["", "NA", "N/A", "NaN", "nan", "null"]
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
LARGEST = 2**30  # bytes, uncompressed: what is read is held in memory a few times over
PARQUET = b"PAR1"
COMPRESSED = {b"\x1f\x8b": ".gz", b"BZh": ".bz2", b"\xfd7zXZ\x00": ".xz", b"\x28\xb5\x2f\xfd": ".zst"}
UNPACKED: dict[str, Callable[[BufferedReader], Any]] = {
    "": lambda file: file,
    ".gz": lambda file: gzip.GzipFile(fileobj=file),
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
    ".zst": lambda file: _zstandard(file),
}
SPREADSHEETS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
ROW_LABELS = re.compile(r"__index_level_\d+__")  # what pandas calls row labels in a Parquet file


def read_file(path: Path, delimiter: str = ",") -> pd.DataFrame:
    """Read a table; the first line of a CSV file holds the names of the columns.

    What the file is, is seen from its first bytes: Parquet, or CSV in UTF-8 with or without a byte-order mark, either
    one perhaps compressed by gzip, bzip2, xz or Zstandard. Names and texts are kept as they are; nothing is evaluated.

    Parameters
    ----------
    path : pathlib.Path
    delimiter : str
        One ASCII character between the cells of a CSV file; in files called ``.tsv`` a comma means a tab.

    Returns
    -------
    pandas.DataFrame
        Whole numbers as ``int64``, other numbers as ``float64``, texts as ``str``, ``true`` and ``false`` as ``bool``,
        dates and times as ``datetime64``. Missing are empty cells and NA, N/A, NaN, nan and null, with or without
        quotes. Empty lines are skipped. Row labels that pandas adds to a Parquet file are left out.

    Raises
    ------
    BadInput
        If the file cannot be opened, read to its end or understood, holds no rows, or has column names that are empty
        or occur twice.
    """
    import pyarrow as pa

    name, content = shown(str(path), 300), _content(path)
    if not content.strip():
        raise BadInput(f"file {name} is empty: give a table with a header and rows")
    try:
        table = _parquet(content, name) if content.startswith(PARQUET) else _csv(content, path, delimiter)
        _check_names(table.column_names, name)
        if table.num_rows == 0:
            raise BadInput(f"file {name} has a header but no rows: give at least one row of data")
        return _frame(table)
    except (pa.ArrowException, OSError, UnicodeDecodeError, OverflowError, MemoryError) as problem:
        raise BadInput(f"file {name} cannot be read: it is damaged ({_brief(problem)}); write it again") from None


def digest_of_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal.

    Raises
    ------
    BadInput
        If the file cannot be read.
    """
    with _opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _opened(path: Path) -> BufferedReader:
    name = shown(str(path), 300)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise BadInput(f"{name} is a folder: name a file in it")
        if not stat.S_ISREG(mode):
            raise BadInput(f"{name} is no ordinary file: save the table to one")
        return path.open("rb")
    except FileNotFoundError:
        raise BadInput(f"there is no file {name}: check the path") from None
    except PermissionError:
        raise BadInput(f"file {name} may not be read by you: change its permissions") from None
    except (OSError, ValueError) as problem:
        if isinstance(problem, BadInput):
            raise
        raise BadInput(f"file {name} cannot be opened ({_brief(problem)}): check the path") from None


def _content(path: Path) -> bytes:
    """All bytes of a file, uncompressed."""
    import pyarrow as pa

    name = shown(str(path), 300)
    with _opened(path) as file:
        start = file.read(8)
        file.seek(0)
        compression = next((suffix for magic, suffix in COMPRESSED.items() if start.startswith(magic)), "")
        expected = path.suffix.lower()
        if start and expected in COMPRESSED.values() and not compression:
            raise BadInput(f"file {name} does not hold what its ending {expected} says: compress it again")
        if path.suffix.lower() in SPREADSHEETS or start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
            raise BadInput(f"file {name} is a spreadsheet or an archive: save the sheet as CSV")
        try:
            with UNPACKED[compression](file) as plain:
                chunks, size = list[bytes](), 0
                while chunk := plain.read(2**20):
                    chunks.append(chunk)
                    size += len(chunk)
                    if size > LARGEST:
                        limit = f"{LARGEST / 2**30:g} GiB"
                        raise BadInput(f"file {name} is larger than {limit}: take a sample of its rows or columns")
        except (OSError, EOFError, zlib.error, lzma.LZMAError, pa.ArrowException) as problem:
            raise BadInput(f"file {name} is damaged ({_brief(problem)}): compress it again") from None
    return b"".join(chunks)


def _zstandard(file: BufferedReader) -> Any:
    import pyarrow as pa

    return pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd")


def _csv(content: bytes, path: Path, delimiter: str) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv as arrow

    name = shown(str(path), 300)
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if delimiter == "\\t" or (delimiter == "," and ".tsv" in suffixes):
        delimiter = "\t"
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter.isalnum() or delimiter in "\"'\n\r\0.+-":
        raise BadInput(f"--delimiter {shown(delimiter)} cannot separate cells: give one character such as ',' or ';'")
    _check_text(content, name)
    _check_delimiter(content, name, delimiter)
    if b'"' in content:
        _check_quotes(content, name, delimiter)
    ragged: list[BadInput] = []

    def refuse(bad: arrow.InvalidRow) -> str:
        row = f"row {bad.number - 1} below the header" if bad.number else "a row"
        cells = f"{bad.actual_columns} cell{'s' * (bad.actual_columns != 1)} instead of {bad.expected_columns}"
        ragged.append(
            BadInput(f"file {name}: {row} has {cells}: {shown(bad.text)}; correct it or put quotes around the cell")
        )
        return "error"

    try:
        return arrow.read_csv(
            pa.BufferReader(content),
            # One block: the type of a column is decided from all its rows, and rows are counted.
            read_options=arrow.ReadOptions(use_threads=False, block_size=len(content) + 1),
            parse_options=arrow.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=refuse, ignore_empty_lines=True
            ),
            convert_options=arrow.ConvertOptions(null_values=MISSING, strings_can_be_null=True),
        )
    except pa.ArrowInvalid as problem:
        if ragged:
            raise ragged[0] from None
        if "cannot infer number of columns" in str(problem):
            raise BadInput(f"file {name} has a header but no rows: give at least one row of data") from None
        raise


def _check_text(content: bytes, name: str) -> None:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadInput(f"file {name} is written in UTF-16: save it as UTF-8")
    if b"\0" in content:
        at = content.index(b"\0")
        raise BadInput(f"file {name} holds binary content (a zero byte at position {at + 1}): save the table as CSV")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise BadInput(
            f"file {name} is not UTF-8: byte 0x{content[problem.start]:02x} in line {line}; save it as CSV in UTF-8"
        ) from None


def _check_delimiter(content: bytes, name: str, delimiter: str) -> None:
    """Refuse a header in one column that holds another common delimiter outside quotes."""
    text = content[: 2**20].decode("utf-8-sig", "ignore")
    header = re.sub(r'"[^"]*"', "", next((line for line in text.splitlines() if line.strip()), ""))
    if delimiter in header:
        return
    counts = {other: header.count(other) for other in DELIMITERS}
    other = max(counts, key=lambda one: counts[one])
    if counts[other]:
        word = "'\\t'" if other == "\t" else f"'{other}'"
        raise BadInput(
            f"file {name} has its header in one column, with {DELIMITERS[other]} in it: give --delimiter {word}"
        )


def _check_quotes(content: bytes, name: str, delimiter: str) -> None:
    """Refuse quotes that are not closed, or closed within a cell: the Arrow reader would swallow rows."""
    reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter, strict=True)
    try:
        for _ in reader:
            pass
    except csv.Error as problem:
        raise BadInput(
            f"file {name}: a quote near line {reader.line_num} is not closed ({_brief(problem)}); close it"
        ) from None


def _parquet(content: bytes, name: str) -> pa.Table:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(pa.BufferReader(content))
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as problem:
        raise BadInput(f"file {name} is damaged Parquet ({_brief(problem)}): write it again") from None
    return table.select([one for one, column in enumerate(table.column_names) if not ROW_LABELS.fullmatch(column)])


def _check_names(names: list[str], name: str) -> None:
    for position, column in enumerate(names, start=1):
        if not column.strip():
            raise BadInput(f"file {name}: column {position} has no name: name it, or leave it out")
        if column in names[: position - 1]:
            raise BadInput(f"file {name}: two columns are called {shown(column)}: rename one")


def _frame(table: pa.Table) -> pd.DataFrame:
    """Arrow columns as pandas columns of plain types."""
    import pyarrow as pa

    columns = []
    for column in table.columns:
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_null(column.type) or pa.types.is_decimal(column.type):
            column = column.cast(pa.float64())
        columns.append(column)
    plain = pa.table(columns, names=[str(position) for position in range(len(columns))])
    frame: pd.DataFrame = plain.to_pandas(ignore_metadata=True, date_as_object=False)
    frame.columns = list(table.column_names)
    return frame


def _brief(problem: BaseException) -> str:
    """The message of a library on one line."""
    text = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
    return shown(text, 100)[1:-1] if text else type(problem).__name__
