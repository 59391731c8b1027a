"""Turns the short names of a prepared file back: every row of a batch has its source's names from there on."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from csvdynamo.aws.stored_object import read_object
from csvdynamo.errors import BatchError
from csvdynamo.folders import names_key
from csvdynamo.rules.file_header import FileHeader, names_digest
from csvdynamo.writing.batch import Batch

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass
class Names:
    """Looks up the names of a file's columns, once for all batches of the file.

    Attributes:
        s3: A boto3 S3 client.
        bucket: The stack's bucket.
        dataset: The data set's name.
    """

    s3: "S3Client"
    bucket: str
    dataset: str
    _known: Mapping[str, FileHeader] = field(default_factory=dict, init=False)

    def turn_back(self, batch: Batch) -> Batch:
        """Return a batch by its source's names; one whose rows have those already as it is.

        Raises:
            BatchError: The names are gone or not those of the file, or the rows are of several files.
            botocore.exceptions.ClientError: The names cannot be read.
        """
        digests = {*map(names_digest, batch.rows)}
        if digests <= {None}:
            return batch
        if len(digests) > 1:
            raise BatchError("the rows of the batch have the names of several files")
        header = self._header(str(digests.pop()))
        return replace(batch, rows=tuple(map(header.named, batch.rows)))

    def _header(self, digest: str) -> FileHeader:
        if digest not in self._known:
            self._known = {digest: self._read(digest)}
        return self._known[digest]

    def _read(self, digest: str) -> FileHeader:
        key = names_key(self.dataset, digest)
        try:
            return FileHeader.read(read_object(self.s3, self.bucket, key), digest)
        except self.s3.exceptions.NoSuchKey:
            problem = "the object of the names of the file's columns is gone"
        except BatchError as error:
            problem = str(error)
        raise BatchError(f"s3://{self.bucket}/{key}: {problem}. Delete it if it is there, and clear the task prepare")
