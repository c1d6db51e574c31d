from legacy_import.models.backup import Backup, FilePart
from legacy_import.models.file import ImportChunk, ImportFile
from legacy_import.models.job import Job
from legacy_import.models.record import Change, Original, Reject, Repair
from legacy_import.models.run import ImportRun

__all__ = [
    "Backup",
    "Change",
    "FilePart",
    "ImportChunk",
    "ImportFile",
    "ImportRun",
    "Job",
    "Original",
    "Reject",
    "Repair",
]
