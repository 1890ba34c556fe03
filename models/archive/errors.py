"""What can be wrong with an archive, for a user to read, and with one of its records, for the catalogue."""


class ArchiveError(Exception):
    """What ends a command: one sentence with what, where and what to do."""


class RejectedError(Exception):
    """Why one record cannot be used. The run goes on without it.

    `kind` is what reports count by, two or three words such as "not an image"; `detail` the sentence for this record.
    """

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind = kind
        self.detail = detail
