"""What is in an archive, as one page to look at: `reverie archive report`."""

from models.archive.report.page import write

__all__ = ["write"]
