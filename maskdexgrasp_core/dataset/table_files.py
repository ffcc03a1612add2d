"""Opens the tables of a dataset; one that is damaged is named, with the command that says more."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from maskdexgrasp_core.dataset.manifest import MANIFEST_NAME, Manifest
from maskdexgrasp_core.dataset.schema import GRASP_SCHEMA, OBJECT_SCHEMA
from maskdexgrasp_core.errors import InvalidInputError


@dataclass(frozen=True, kw_only=True)
class TableFile:
    """A table that the manifest of a dataset names."""

    folder: Path
    """Of the dataset."""
    path: str
    """Relative to the folder."""
    schema: pa.Schema
    num_rows: int
    """As the manifest says."""

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Return these columns, or all of the schema.

        Raises:
            InvalidInputError: If the file is not what the manifest and the format say.
        """
        file = self.folder / self.path
        try:
            table = read_parquet(file, self.schema, columns)
        except InvalidInputError as error:
            raise damaged(self.folder, f'{file}: {error}') from error
        if table.num_rows != self.num_rows:
            raise damaged(self.folder, f'{file}: {table.num_rows} rows, should be {self.num_rows}')
        return table


def grasp_tables(folder: Path, manifest: Manifest) -> list[TableFile]:
    """Return the tables of grasps, in the order of their rows; none is opened.

    Raises:
        InvalidInputError: If the manifest does not say how many rows they have.
    """
    return [_table_file(folder, manifest, path, GRASP_SCHEMA) for path in manifest.grasp_files]


def objects_table(folder: Path, manifest: Manifest) -> TableFile:
    """Return the table of objects; it is not opened.

    Raises:
        InvalidInputError: If the manifest does not name it, or not how many rows it has.
    """
    return _table_file(folder, manifest, manifest.objects_file, OBJECT_SCHEMA)


def damaged(folder: Path, problem: str) -> InvalidInputError:
    """Return the error for a dataset that is not what it should be."""
    return InvalidInputError(
        f'{problem}; `maskdexgrasp dataset verify {folder}` lists all that is wrong'
    )


def read_parquet(file: Path, schema: pa.Schema, columns: Sequence[str] | None = None) -> pa.Table:
    """Return columns of a file whose columns are exactly those of `schema`.

    Args:
        file: It is mapped into memory, not loaded.
        schema: What the file must have.
        columns: Names of what is read, None for all.

    Raises:
        InvalidInputError: If the file is missing, damaged or has other columns; the text says
            what is wrong, without the name of the file.
    """
    if not file.is_file():
        raise InvalidInputError('missing')
    try:
        with pq.ParquetFile(file, memory_map=True) as opened:
            fault = _columns_fault(opened.schema_arrow, schema)
            table = None if fault else opened.read(columns=columns and list(columns))
        if table is not None:
            table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InvalidInputError(f'cannot be read: {_first_line(error)}') from error
    if table is None:
        raise InvalidInputError(f'its columns are not those of the format: {fault}')
    return table


def _table_file(folder: Path, manifest: Manifest, path: str, schema: pa.Schema) -> TableFile:
    entry = manifest.files.get(path)
    if entry is None or not isinstance(entry.num_rows, int):
        problem = f'{folder / MANIFEST_NAME}: it does not say how many rows {path} has'
        raise damaged(folder, problem)
    return TableFile(folder=folder, path=path, schema=schema, num_rows=entry.num_rows)


def _columns_fault(found: pa.Schema, expected: pa.Schema) -> str:
    """Return how the columns differ, '' if they do not."""
    for field in expected:
        place = found.get_field_index(field.name)
        if place < 0:
            return f'{field.name} is missing'
        if not found.field(place).equals(field):
            return f'{_in_words(found.field(place))}, should be {_in_words(field)}'
    return '' if found.names == expected.names else f'they are {", ".join(found.names)}'


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [repr(error)])[0]


def _in_words(field: pa.Field) -> str:
    return f'{field.name} {field.type}{"" if field.nullable else " not null"}'
